'use strict';

/** Samples by process, program, function and instruction: a row each, boxes as wide as their share. */
class Icicle {
  /** Boxes that would be narrower than this share of the picture are left out. */
  static narrowest = 0.0012;

  static rows = ['all', 'process', 'program', 'function', 'instruction'];

  constructor(report, selection) {
    Object.assign(this, { report, selection });
    this.root = byId('icicle');
    this.measure = 'samples';
    this.zoom = [];
    this.places = this.groupPlaces();
    this.makeMeasures();
    this.root.addEventListener('keydown', (event) => this.pressed(event));
  }

  /** Rows of the table of cells by function: they are ordered by place, but the rests of functions come first. */
  groupPlaces() {
    const cells = this.report.table.cells;
    const rows = Array.from({ length: this.selection.functionCount }, () => []);
    for (let row = 0; row < cells.rows; row++) {
      rows[this.selection.functionOfPlace[cells.place[row]]].push(row);
    }

    return rows;
  }

  makeMeasures() {
    const names = { samples: 'Samples', latency: 'Latency cycles' };
    const buttons = Object.entries(names).map(([measure, text]) => element('button', {
      type: 'button', 'data-measure': measure, text,
      onclick: () => {
        this.measure = measure;
        this.update();
      },
    }));
    byId('icicle-measure').replaceChildren(...buttons);
    this.measureButtons = buttons;
  }

  /** The tree of the selection: a node has a name, samples, cycles, children, and a key that is the same after a change of filters. */
  build() {
    const { report, selection } = this;
    const { samples, latency, withLatency } = selection.sums.processes;
    const root = Icicle.node('', 'all samples');
    for (let process = 0; process < report.processes.length; process++) {
      const ofProcess = Icicle.node(`p${process}`, report.processes[process]);
      const programs = new Map();
      for (let owner = 0; owner < selection.functionCount; owner++) {
        const at = process * selection.functionCount + owner;
        if (samples[at] === 0) {
          continue;
        }

        const image = report.table.functions.image[owner];
        let program = programs.get(image);
        if (program === undefined) {
          program = Icicle.node(`i${image}`, report.images[image]);
          programs.set(image, program);
          ofProcess.children.push(program);
        }

        const leaf = Icicle.node(`f${owner}`, report.functions[owner]);
        Object.assign(leaf, { process, owner });
        program.children.push(leaf);
        for (const node of [root, ofProcess, program, leaf]) {
          Icicle.add(node, samples[at], latency[at], withLatency[at]);
        }
      }

      if (ofProcess.samples > 0) {
        root.children.push(ofProcess);
      }
    }

    return root;
  }

  static node(key, name) {
    return { key, name, samples: 0, latency: 0, withLatency: 0, children: [] };
  }

  static add(node, samples, latency, withLatency) {
    node.samples += samples;
    node.latency += latency;
    node.withLatency += withLatency;
  }

  /** The instructions of a function in a process. */
  instructionsOf(node) {
    const { report, selection } = this;
    const { cells, contexts } = report.table;
    const instructions = new Map();
    for (const row of this.places[node.owner]) {
      const context = cells.context[row];
      if (contexts.process[context] === node.process && selection.contexts[context] !== 0) {
        const place = cells.place[row];
        let instruction = instructions.get(place);
        if (instruction === undefined) {
          instruction = Icicle.node(`a${place}`, placeName(report, place));
          instructions.set(place, instruction);
        }

        Icicle.add(instruction, cells.samples[row], cells.latency[row], cells.withLatency[row]);
      }
    }

    return [...instructions.values()];
  }

  update() {
    for (const button of this.measureButtons) {
      button.setAttribute('aria-pressed', String(button.dataset.measure === this.measure));
    }

    const tree = this.build();
    const path = [tree];
    for (const key of this.zoom) {
      const last = path.at(-1);
      const children = last.owner === undefined ? last.children : this.instructionsOf(last);
      const child = children.find((node) => node.key === key);
      if (child === undefined) {
        break;
      }

      path.push(child);
    }

    this.zoom = path.slice(1).map((node) => node.key);
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.path : null;
    const boxes = [];
    this.scale = Theme.scale('slow');
    path.slice(0, -1).forEach((node, row) => boxes.push(this.box(node, row, 0, 1, path.slice(1, row + 1), tree)));
    this.layout(path.at(-1), path.length - 1, 0, 1, path.slice(1), tree, boxes);
    const isEmpty = tree[this.measure] === 0;
    this.root.replaceChildren(...(isEmpty ? [element('p', { class: 'empty-state', text: this.measure === 'latency' && tree.samples > 0 ? 'The selected samples have no latency.' : 'No samples are selected.' })] : boxes));
    this.root.classList.toggle('is-empty', isEmpty);
    const start = boxes.find((box) => box.dataset.path === focused) ?? boxes[path.length - 1];
    if (!isEmpty && start !== undefined) {
      start.tabIndex = 0;
      if (focused !== null) {
        start.focus({ preventScroll: true });
      }
    }

    this.updateLegend();
  }

  /** Adds the box of a node and of all below it that are wide enough. */
  layout(node, row, left, width, path, tree, boxes) {
    boxes.push(this.box(node, row, left, width, path, tree));
    const whole = node[this.measure];
    if (row + 1 >= Icicle.rows.length || whole === 0) {
      return;
    }

    const children = node.owner === undefined ? node.children : this.instructionsOf(node);
    let at = left;
    for (const child of children.sort((one, other) => other[this.measure] - one[this.measure] || one.name.localeCompare(other.name, 'en'))) {
      const share = width * (child[this.measure] / whole);
      if (share < Icicle.narrowest) {
        break;
      }

      this.layout(child, row + 1, at, share, [...path, child], tree, boxes);
      at += share;
    }
  }

  box(node, row, left, width, path, tree) {
    const mean = node.withLatency === 0 ? null : node.latency / node.withLatency;
    const colour = mean === null ? null : Theme.mix(this.scale, Icicle.slowness(mean));
    const box = element('button', {
      type: 'button', class: 'box', tabindex: '-1', 'data-row': row, 'data-path': path.map(({ key }) => key).join('/'),
      'aria-label': `${Icicle.rows[row]} ${node.name}, ${Format.percent(node[this.measure], tree[this.measure])}`,
      style: {
        left: `${left * 100}%`, width: `${width * 100}%`, top: `calc(${row} * var(--box))`,
        ...(colour === null ? {} : { 'background-color': Theme.rgb(colour), color: Theme.inkOn(colour) }),
      },
      onclick: () => this.zoomTo(path),
    }, width > 0.02 ? element('span', { class: 'name', text: node.name }) : null);
    Tooltip.attach(box, () => [node.name, [
      [Icicle.rows[row], path.slice(0, -1).map(({ name }) => name).join(' › ')],
      ['samples', `${Format.count(node.samples)} (${Format.percent(node.samples, tree.samples)})`],
      ['mean latency', mean === null ? Format.none : `${Format.tenth(mean)} cycles`],
      ['cycles of latency', `${Format.rough(node.latency)} (${Format.percent(node.latency, tree.latency)})`],
    ]]);
    return box;
  }

  /** Where a mean latency lies on the scale of colours: from 2 cycles to 512, by powers of two. */
  static slowness(cycles) {
    return (Math.log2(Math.max(2, cycles)) - 1) / 8;
  }

  updateLegend() {
    byId('icicle-legend').replaceChildren(
      element('span', { text: 'mean latency' }),
      element('span', { text: '≤ 2 cycles' }),
      element('span', { class: 'ramp', style: { 'background-image': `linear-gradient(to right, ${this.scale.map(Theme.rgb).join(', ')})` } }),
      element('span', { text: '≥ 512' }));
  }

  zoomTo(path) {
    const keys = path.map(({ key }) => key);
    this.zoom = keys.join('/') === this.zoom.join('/') ? keys.slice(0, -1) : keys;
    Tooltip.hide();
    this.update();
  }

  pressed(event) {
    const current = document.activeElement.closest('.box');
    if (current === null) {
      return;
    }

    const boxes = [...this.root.querySelectorAll('.box')];
    const row = Number(current.dataset.row);
    const inRow = boxes.filter((box) => Number(box.dataset.row) === row);
    const prefix = current.dataset.path;
    const next = {
      ArrowLeft: () => inRow[inRow.indexOf(current) - 1],
      ArrowRight: () => inRow[inRow.indexOf(current) + 1],
      ArrowUp: () => boxes.findLast((box) => Number(box.dataset.row) === row - 1 && (box.dataset.path === '' || prefix.startsWith(`${box.dataset.path}/`))),
      ArrowDown: () => boxes.find((box) => Number(box.dataset.row) === row + 1 && (prefix === '' || box.dataset.path.startsWith(`${prefix}/`))),
    }[event.key]?.();
    if (next !== undefined) {
      event.preventDefault();
      current.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else if (event.key === 'Escape' && this.zoom.length > 0) {
      event.preventDefault();
      this.zoom = this.zoom.slice(0, -1);
      this.update();
    }
  }
}
