'use strict';

/** Makes an element. Names of a trace become text or attributes here, never markup. */
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'text') {
      made.textContent = value;
    } else if (name === 'class') {
      made.className = value;
    } else if (name === 'style') {
      for (const [property, setting] of Object.entries(value)) {
        made.style.setProperty(property, setting);
      }
    } else if (name.startsWith('on')) {
      made.addEventListener(name.slice(2), value);
    } else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value === true ? '' : value);
    }
  }

  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

/** A small box beside the pointer, or beside what has the focus. */
const Tooltip = {
  /** Shows `lines`, pairs of a label and a value below a heading, at a place on the screen. */
  show(x, y, heading, lines) {
    const box = byId('tooltip');
    box.replaceChildren(
      element('strong', { class: 'name', text: heading }),
      element('dl', {}, ...lines.flatMap(([label, value]) => [element('dt', { text: label }), element('dd', { class: 'name', text: value })])));
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(8, Math.min(x + 14, window.innerWidth - width - 8));
    const top = y + 18 + height > window.innerHeight ? Math.max(8, y - height - 12) : y + 18;
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  },

  hide() {
    byId('tooltip').hidden = true;
  },

  /** Lets `target` show what `describe` answers, a heading and lines, while it is pointed at or focused. */
  attach(target, describe) {
    target.addEventListener('pointermove', (event) => Tooltip.show(event.clientX, event.clientY, ...describe()));
    target.addEventListener('pointerleave', Tooltip.hide);
    target.addEventListener('focus', () => {
      if (target.matches(':focus-visible')) {
        const { left, bottom } = target.getBoundingClientRect();
        Tooltip.show(left, bottom - 12, ...describe());
      }
    });
    target.addEventListener('blur', Tooltip.hide);
  },
};

/** The search box, and a group of buttons for each facet. */
class FilterBar {
  constructor(report, selection, changed) {
    Object.assign(this, { report, selection, changed });
    this.buttons = [];
    this.search = element('input', {
      type: 'search', id: 'search', placeholder: 'Search functions and programs', 'aria-label': 'Search functions and programs', autocomplete: 'off', spellcheck: 'false',
      oninput: () => this.searched(),
    });
    this.status = element('output', { id: 'status', class: 'status', for: 'search' });
    this.clear = element('button', { type: 'button', id: 'reset', class: 'quiet', text: 'Reset', onclick: () => this.reset() });
    byId('filters').replaceChildren(
      element('div', { class: 'filter-line' }, this.search, this.status, this.clear),
      element('div', { class: 'filter-line facets' }, ...FACETS.map((facet) => this.makeFacet(facet)).filter((facet) => facet !== null)));
    document.addEventListener('keydown', (event) => {
      if (event.key === '/' && !event.ctrlKey && !event.metaKey && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
        event.preventDefault();
        this.search.focus();
      }
    });
    document.addEventListener('click', (event) => {
      for (const list of document.querySelectorAll('details.choice[open]')) {
        if (!list.contains(event.target)) {
          list.open = false;
        }
      }
    });
  }

  /** Names of a facet's members. */
  nameOf(facet, member) {
    switch (facet) {
      case 'class': return this.report.classes[member];
      case 'cpu': return this.report.cpus[member];
      case 'level': return member < 4 ? `EL${member}` : 'no PC';
      default: return this.report.processes[member];
    }
  }

  makeFacet({ key, label }) {
    const members = [...this.selection.sums.facets[key].keys()];
    const order = key === 'process' ? (left, right) => left - right
      : (left, right) => this.nameOf(key, left).localeCompare(this.nameOf(key, right), 'en', { numeric: true });
    members.sort(key === 'class' ? (left, right) => left - right : order);
    if (members.length < 2) {
      return null;
    }

    const buttons = members.map((member) => this.makeButton(key, member));
    if (buttons.length <= 8 && key !== 'process') {
      return element('div', { class: 'facet', role: 'group', 'aria-label': label }, element('span', { class: 'facet-label', text: label }), ...buttons);
    }

    const summary = element('summary', { text: label });
    this.buttons.push({ update: () => {
      const chosen = this.selection.chosen[key].size;
      summary.textContent = chosen === 0 ? `${label}: all` : `${label}: ${chosen} of ${members.length}`;
      summary.classList.toggle('chosen', chosen > 0);
    } });
    return element('details', {
      class: 'choice facet',
      onkeydown: (event) => {
        if (event.key === 'Escape') {
          event.currentTarget.open = false;
          summary.focus();
        }
      },
    }, summary, element('div', { class: 'choice-list', role: 'group', 'aria-label': label }, ...buttons));
  }

  makeButton(key, member) {
    const number = element('span', { class: 'chip-count' });
    const button = element('button', {
      type: 'button', class: 'chip', 'data-facet': key, 'data-name': this.nameOf(key, member),
      onclick: () => {
        this.selection.toggle(key, member);
        this.changed();
      },
    }, element('span', { class: 'name', text: this.nameOf(key, member) }), number);
    this.buttons.push({ update: () => {
      const samples = this.selection.sums.facets[key].get(member);
      button.setAttribute('aria-pressed', String(this.selection.chosen[key].has(member)));
      button.classList.toggle('empty', samples === 0);
      number.textContent = Format.rough(samples);
      button.title = Format.plural(samples, 'sample');
    } });
    return button;
  }

  searched() {
    // A key held down must not draw the page for each letter.
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => {
      this.selection.search(this.search.value);
      this.changed();
    });
  }

  /** Puts `text` into the search box. */
  find(text) {
    this.search.value = text;
    this.selection.search(text);
    this.changed();
  }

  reset() {
    this.search.value = '';
    this.selection.reset();
    this.changed();
  }

  update() {
    const samples = this.selection.sums.total.samples[0];
    const all = this.report.samples;
    this.status.textContent = this.selection.isEmpty ? Format.plural(all, 'sample') : `${Format.count(samples)} of ${Format.plural(all, 'sample')} (${Format.percent(samples, all)})`;
    this.clear.hidden = this.selection.isEmpty;
    this.buttons.forEach((button) => button.update());
  }
}
