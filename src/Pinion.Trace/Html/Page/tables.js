'use strict';

/** Data sources from near to far; those with no name of their own come last. */
const SOURCE_ORDER = [0, 8, 9, 10, 11, 12, 14, 13, 1, 2, 3, 4, 5, 6, 7, 15, 16];

/** "function+0x1c" of a place. */
function placeName(report, place) {
  const functions = report.functions.length;
  if (place < functions) {
    return '[more]';
  }

  const { function: owners, offset, high, low } = report.table.instructions;
  const index = place - functions;
  const distance = offset[index];
  return distance === 0 ? Format.hex(high[index], low[index])
    : distance === 1 ? report.functions[owners[index]]
    : `${report.functions[owners[index]]}+0x${(distance - 1).toString(16)}`;
}

/** A share, and a bar that compares it with the largest one of the table. */
function shareCell(samples, whole, most) {
  return element('span', { class: 'share' },
    element('span', { text: Format.percent(samples, whole) }),
    element('span', { class: 'share-bar', style: { '--share': samples / Math.max(1, most) } }));
}

/** A bar of data sources; `samples` answers the number of a source. */
function sourceBar(report, samples) {
  const present = SOURCE_ORDER.map((source) => [source, samples(source)]).filter(([, number]) => number > 0);
  const all = present.reduce((sum, [, number]) => sum + number, 0);
  if (all === 0) {
    return element('span', { class: 'muted', text: Format.none });
  }

  const lines = present.map(([source, number]) => [report.sources[source], `${Format.count(number)} (${Format.percent(number, all)})`]);
  const bar = element('span', { class: 'stack', role: 'img', 'aria-label': present.map(([source, number]) => `${report.sources[source]} ${Format.percent(number, all)}`).join(', ') },
    ...present.map(([source, number]) => element('span', { class: `source-${source}`, style: { 'flex-grow': number / all } })));
  Tooltip.attach(bar, () => ['Data sources', lines]);
  return bar;
}

/** A number of samples; none stands back, so that the others show. */
function countCell(samples) {
  return samples === 0 ? element('span', { class: 'muted', text: '0' }) : Format.count(samples);
}

/**
 * A table that its headings sort. A column has a `label`, a `title`, whether it is `text`, the `value` it is sorted by (null: nothing was recorded, always last), and the `cell` that is shown: text, or an
 * element.
 */
class SortedTable {
  static first = 25;

  static step = 200;

  constructor(id, caption, columns, sort) {
    Object.assign(this, { columns, sort, descending: true, limit: SortedTable.first });
    this.headings = columns.map((column) => {
      const button = element('button', { type: 'button', title: column.title, 'data-column': column.key, text: column.label, onclick: () => this.sortBy(column.key) });
      return element('th', { scope: 'col', class: column.text ? 'text' : 'number' }, button);
    });
    this.body = element('tbody');
    this.more = element('button', {
      type: 'button', class: 'quiet more',
      onclick: () => {
        this.limit += SortedTable.step;
        this.draw();
      },
    });
    this.note = element('p', { class: 'hint' });
    this.empty = element('p', { class: 'empty-state' });
    this.frame = element('div', { class: 'table-frame', tabindex: '0', role: 'region', 'aria-label': `Table: ${caption}` },
      element('table', { id }, element('caption', { class: 'visually-hidden', text: caption }), element('thead', {}, element('tr', {}, ...this.headings)), this.body));
    this.root = element('div', {}, this.frame, this.empty, this.more, this.note);
  }

  sortBy(key) {
    this.descending = this.sort === key ? !this.descending : !this.columns.find((column) => column.key === key).text;
    this.sort = key;
    this.draw();
  }

  /** Shows other rows, in their natural order. */
  update(rows, emptyText, note = '') {
    this.rows = rows;
    this.limit = SortedTable.first;
    this.empty.textContent = emptyText;
    this.note.textContent = note;
    this.draw();
  }

  sorted() {
    const { value } = this.columns.find((column) => column.key === this.sort);
    const direction = this.descending ? -1 : 1;
    return this.rows.map((row, index) => ({ row, index, value: value(row) })).sort((one, other) => {
      if (one.value === null || other.value === null) {
        return (one.value === null) - (other.value === null) || one.index - other.index;
      }

      const order = typeof one.value === 'string' ? one.value.localeCompare(other.value, 'en', { numeric: true }) : one.value - other.value;
      return direction * order || one.index - other.index;
    }).map(({ row }) => row);
  }

  draw() {
    this.headings.forEach((heading, index) => {
      const isSorted = this.columns[index].key === this.sort;
      heading.setAttribute('aria-sort', isSorted ? (this.descending ? 'descending' : 'ascending') : 'none');
    });
    const rows = this.sorted();
    this.body.replaceChildren(...rows.slice(0, this.limit).map((row) => element('tr', {}, ...this.columns.map((column, index) =>
      element(index === 0 ? 'th' : 'td', { scope: index === 0 ? 'row' : null, class: column.text ? 'text' : 'number' }, column.cell(row))))));
    const left = rows.length - this.limit;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${Format.count(Math.min(left, SortedTable.step))} more of ${Format.count(left)}`;
    this.empty.hidden = rows.length > 0;
    this.frame.hidden = rows.length === 0;
    this.note.hidden = rows.length === 0 || this.note.textContent === '';
  }
}

/** Columns that functions and instructions have in common; `sums` answers their sums, `whole` what is 100 %, `most` the largest number of samples of a row; a row has an `index`. */
function measureColumns(sums, whole, most) {
  const count = (key, label, title) => ({ key, label, title, value: ({ index }) => sums()[key][index], cell: ({ index }) => countCell(sums()[key][index]) });
  return {
    samples: count('samples', 'Samples', 'Number of samples'),
    share: { key: 'share', label: 'Share', title: 'Share of the selected samples', value: ({ index }) => sums().samples[index], cell: ({ index }) => shareCell(sums().samples[index], whole(), most()) },
    mean: {
      key: 'mean', label: 'Mean', title: 'Mean total latency, cycles',
      value: ({ index }) => (sums().withLatency[index] === 0 ? null : sums().latency[index] / sums().withLatency[index]),
      cell: ({ index }) => Format.mean(sums().latency[index], sums().withLatency[index]),
    },
    maximum: {
      key: 'maximum', label: 'Max', title: 'Largest total latency, cycles',
      value: ({ index }) => (sums().withLatency[index] === 0 ? null : sums().maximum[index]),
      cell: ({ index }) => (sums().withLatency[index] === 0 ? Format.none : Format.count(sums().maximum[index])),
    },
    mispredict: {
      key: 'mispredict', label: 'Mispredict', title: 'Share of the sampled branches that were predicted wrongly',
      value: ({ index }) => (sums().branches[index] === 0 ? null : sums().mispredicted[index] / sums().branches[index]),
      cell: ({ index }) => Format.percent(sums().mispredicted[index], sums().branches[index]),
    },
    tlbWalks: count('tlbWalks', 'TLB walks', 'Samples whose translation needed a table walk'),
    l1Refills: count('l1Refills', 'L1 refills', 'Samples that refilled the L1 data cache'),
    llcMisses: count('llcMisses', 'LLC misses', 'Samples that missed the last level cache'),
    remote: count('remote', 'Remote', 'Samples that another chip served'),
  };
}

function makeFunctionTable(report, selection, filters) {
  const columns = measureColumns(() => selection.sums.functions, () => selection.sums.total.samples[0], () => selection.sums.mostOfFunction);
  const quantile = (key, label, share) => ({
    key, label, title: `Cycles of total latency that ${share * 100} % of the samples do not exceed`,
    value: ({ index }) => selection.quantile(index, share), cell: ({ index }) => Format.optional(selection.quantile(index, share)),
  });
  const samplesOf = (index, source) => selection.sums.sources[index * selection.sourceCount + source];
  const farthest = (index) => {
    const all = SOURCE_ORDER.reduce((sum, source) => sum + samplesOf(index, source), 0);
    return all === 0 ? null : 1 - samplesOf(index, 0) / all;
  };
  return new SortedTable('function-table', 'Functions', [
    {
      key: 'name', label: 'Function', title: 'A click searches for it', text: true, value: ({ index }) => report.functions[index],
      cell: ({ index }) => element('span', { class: 'name-cell' },
        element('button', { type: 'button', class: 'name link', text: report.functions[index], onclick: () => filters.find(`"${report.functions[index]}"`) }),
        element('span', { class: 'name muted', text: report.images[report.table.functions.image[index]] })),
    },
    columns.samples, columns.share, columns.mean, quantile('p50', 'p50', 0.5), quantile('p90', 'p90', 0.9), quantile('p99', 'p99', 0.99), columns.maximum,
    columns.mispredict, columns.l1Refills, columns.llcMisses, columns.tlbWalks, columns.remote,
    {
      key: 'sources', label: 'Data from', title: 'Where loads found their data; sorts by the share that L1 did not have',
      value: ({ index }) => farthest(index), cell: ({ index }) => sourceBar(report, (source) => samplesOf(index, source)),
    },
  ], 'samples');
}

/** Instructions, source lines where any is known, cache lines, pages and shared cache lines, one of them at a time. */
class HotAddresses {
  constructor(report, selection) {
    Object.assign(this, { report, selection });
    this.hasLines = report.lines.some((text) => text !== '');
    this.tables = {
      instructions: this.makeInstructions(),
      source: this.makeSourceLines(),
      lines: this.makeRegions('line-table', 'Cache lines'),
      pages: this.makeRegions('page-table', 'Pages'),
      shared: this.makeShared(),
    };
    const names = { instructions: 'Instructions', ...(this.hasLines ? { source: 'Source lines' } : {}), lines: 'Cache lines', pages: 'Pages', shared: 'Shared lines' };
    this.tabs = Object.entries(names).map(([key, text]) => element('button', {
      type: 'button', role: 'tab', id: `tab-${key}`, 'data-tab': key, 'aria-controls': 'addresses', text,
      onclick: () => this.open(key),
      onkeydown: (event) => this.pressed(event),
    }));
    byId('addresses-tabs').replaceChildren(...this.tabs);
    this.current = 'instructions';
  }

  makeInstructions() {
    const { report, selection } = this;
    const columns = measureColumns(() => selection.sums.places, () => selection.sums.total.samples[0], () => selection.sums.mostOfInstruction);
    const functions = report.functions.length;
    const { function: owners, high, low, line } = report.table.instructions;
    const at = (index) => index - functions;
    return new SortedTable('instruction-table', 'Instructions', [
      {
        key: 'name', label: 'Instruction', title: 'Function and distance from its start', text: true, value: ({ index }) => placeName(report, index),
        cell: ({ index }) => element('span', { class: 'name-cell' },
          element('span', { class: 'name', text: placeName(report, index) }),
          element('span', { class: 'name muted', text: report.images[report.table.functions.image[owners[at(index)]]] })),
      },
      ...(this.hasLines ? [{ key: 'line', label: 'Line', title: 'Line of source code', text: true, value: ({ index }) => report.lines[line[at(index)]], cell: ({ index }) => element('span', { class: 'name', text: report.lines[line[at(index)]] || Format.none }) }] : []),
      { key: 'address', label: 'Address', title: 'Virtual address, as sampled', value: ({ index }) => high[at(index)] * 2 ** 32 + low[at(index)], cell: ({ index }) => element('code', { text: Format.hex(high[at(index)], low[at(index)]) }) },
      columns.samples, columns.share, columns.mean, columns.maximum, columns.mispredict, columns.l1Refills, columns.llcMisses, columns.tlbWalks, columns.remote,
    ], 'samples');
  }

  makeSourceLines() {
    const { report, selection } = this;
    const columns = measureColumns(() => this.sourceSums, () => selection.sums.total.samples[0], () => this.most);
    return new SortedTable('source-table', 'Source lines', [
      {
        key: 'line', label: 'Line', title: 'Line of source code', text: true, value: ({ line }) => report.lines[line],
        cell: ({ line, owner }) => element('span', { class: 'name-cell' },
          element('span', { class: 'name', text: report.lines[line] }),
          element('span', { class: 'name muted', text: report.functions[owner] })),
      },
      columns.samples, columns.share, columns.mean, columns.maximum, columns.mispredict, columns.l1Refills, columns.llcMisses, columns.tlbWalks, columns.remote,
    ], 'samples');
  }

  /** Sums by source line and function, from those of the instructions. */
  updateSourceLines(table) {
    const { report, selection } = this;
    const functions = report.functions.length;
    const { function: owners, line: lines } = report.table.instructions;
    const { places } = selection.sums;
    const rows = new Map();
    this.sourceSums = Object.fromEntries(Object.keys(places).map((measure) => [measure, []]));
    for (let index = 0; index < lines.length; index++) {
      const [line, owner] = [lines[index], owners[index]];
      if (places.samples[functions + index] === 0 || report.lines[line] === '') {
        continue;
      }

      const key = `${line} ${owner}`;
      if (!rows.has(key)) {
        rows.set(key, { index: rows.size, line, owner });
      }

      const row = rows.get(key).index;
      for (const [measure, values] of Object.entries(places)) {
        const value = values[functions + index];
        const sum = this.sourceSums[measure][row] ?? 0;
        this.sourceSums[measure][row] = measure === 'maximum' ? Math.max(sum, value) : sum + value;
      }
    }

    this.most = this.sourceSums.samples.reduce((one, other) => Math.max(one, other), 0);
    const rest = selection.sums.total.samples[0] - this.sourceSums.samples.reduce((sum, samples) => sum + samples, 0);
    table.update([...rows.values()], 'No source line of the selected samples is known.', rest > 0 ? `${Format.plural(rest, 'selected sample')} fell on code whose lines are not known.` : '');
  }

  regionColumns() {
    const { report, selection } = this;
    const table = (row) => report.table[row.kind === 'page' ? 'pages' : 'lines'];
    const count = (key, label, title) => ({ key, label, title, value: (row) => row[key], cell: (row) => countCell(row[key]) });
    return {
      address: {
        key: 'address', label: 'Address', title: 'First byte', text: true,
        value: (row) => table(row).high[row.number] * 2 ** 32 + table(row).low[row.number],
        cell: (row) => element('span', { class: 'name-cell' },
          element('code', { text: Format.hex(table(row).high[row.number], table(row).low[row.number]) }),
          element('span', { class: 'name muted', text: report.spaces[table(row).space[row.number]] })),
      },
      samples: count('samples', 'Samples', 'Number of samples'),
      share: { key: 'share', label: 'Share', title: 'Share of the selected samples', value: (row) => row.samples, cell: (row) => shareCell(row.samples, selection.sums.total.samples[0], this.most) },
      mean: { key: 'mean', label: 'Mean', title: 'Mean total latency, cycles', value: (row) => (row.withLatency === 0 ? null : row.latency / row.withLatency), cell: (row) => Format.mean(row.latency, row.withLatency) },
      writes: count('writes', 'Writes', 'Samples of stores and atomics'),
      cpus: { key: 'cpus', label: 'CPUs', title: 'CPUs that accessed it', value: (row) => row.cpus.size, cell: (row) => this.cpuNames(row) },
      variable: {
        key: 'variable', label: 'Data', title: 'What lies at the lowest address that was seen: a variable, or a region of memory', text: true,
        value: (row) => report.variables[table(row).variable[row.number]], cell: (row) => HotAddresses.variableCell(report.variables[table(row).variable[row.number]]),
      },
      functions: {
        key: 'functions', label: 'Functions', title: 'Those with most of its samples', text: true, value: (row) => report.functions[this.topFunctions(row)[0]],
        cell: (row) => element('span', { class: 'name clip', text: this.topFunctions(row).slice(0, 3).map((index) => report.functions[index]).join(', ') }),
      },
    };
  }

  static variableCell(name) {
    return element('span', { class: name === '[unknown]' ? 'name clip muted' : 'name clip', text: name });
  }

  topFunctions(row) {
    return [...row.functions].sort((one, other) => other[1] - one[1] || one[0] - other[0]).map(([index]) => index);
  }

  cpuNames(row) {
    const names = [...row.cpus.keys()].map((cpu) => this.report.cpus[cpu]).sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
    return names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
  }

  makeRegions(id, caption) {
    const { address, samples, share, mean, writes, cpus, variable, functions } = this.regionColumns();
    return new SortedTable(id, caption, [address, samples, share, mean, writes, cpus, variable, functions], 'samples');
  }

  makeShared() {
    const { address, samples, mean, writes, cpus, variable, functions } = this.regionColumns();
    return new SortedTable('shared-table', 'Cache lines that several CPUs access and at least one writes', [
      address,
      {
        key: 'sharing', label: 'Sharing', title: 'Whether a CPU was seen to write bytes that another one was seen at. Where none was, only the line is shared. One row of words for each CPU', text: true,
        value: (row) => (HotAddresses.isFalse(row) ? 'false' : 'true'), cell: (row) => this.words(row),
      },
      samples, mean, writes, cpus, variable, functions,
    ], 'samples');
  }

  /** No CPU was seen to write a byte that another one was seen at. */
  static isFalse({ cpus }) {
    const all = [...cpus];
    return !all.some(([writer, { written }]) => all.some(([other, seen]) => other !== writer
      && [0, 1].some((half) => (written[half] & (seen.read[half] | seen.written[half])) !== 0)));
  }

  /** The words of 8 bytes of a line that each CPU was seen at. */
  words(row) {
    const cpus = [...row.cpus].sort(([one], [other]) => this.report.cpus[one].localeCompare(this.report.cpus[other], 'en', { numeric: true })).slice(0, 4);
    const wordsOf = (offsets) => [0, 1, 2, 3, 4, 5, 6, 7].map((word) => ((offsets[word >> 2] >>> (8 * (word & 3))) & 0xff) !== 0);
    const isFalse = HotAddresses.isFalse(row);
    const rows = cpus.map(([cpu, { read, written }]) => ({ cpu: this.report.cpus[cpu], read: wordsOf(read), written: wordsOf(written) }));
    const list = (words) => words.flatMap((isSeen, word) => (isSeen ? [`${word * 8}`] : [])).join(' ') || 'none';
    const picture = element('span', { class: 'words', role: 'img', 'aria-label': rows.map(({ cpu, read, written }) => `CPU ${cpu} writes at ${list(written)}, reads at ${list(read)}`).join('; ') },
      ...rows.map(({ read, written }) => element('span', { class: 'word-row' }, ...read.map((isRead, word) => element('span', { class: written[word] ? 'word written' : isRead ? 'word read' : 'word' })))));
    Tooltip.attach(picture, () => ['Bytes of the line', rows.map(({ cpu, read, written }) => [`CPU ${cpu}`, `writes at ${list(written)}; reads at ${list(read)}`])]);
    return element('span', { class: 'sharing' }, element('span', { class: isFalse ? 'tag warn' : 'tag', text: isFalse ? 'false sharing' : 'same bytes' }), picture);
  }

  open(key) {
    this.current = key;
    this.update();
  }

  pressed(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) {
      const next = this.tabs[(this.tabs.indexOf(event.currentTarget) + step + this.tabs.length) % this.tabs.length];
      this.open(next.dataset.tab);
      next.focus();
    }
  }

  update() {
    for (const tab of this.tabs) {
      const isCurrent = tab.dataset.tab === this.current;
      tab.setAttribute('aria-selected', String(isCurrent));
      tab.tabIndex = isCurrent ? 0 : -1;
    }

    const table = this.tables[this.current];
    const panel = byId('addresses');
    panel.setAttribute('aria-labelledby', `tab-${this.current}`);
    panel.replaceChildren(table.root);
    const { sums } = this.selection;
    if (this.current === 'instructions') {
      const functions = this.report.functions.length;
      const rows = [];
      for (let index = functions; index < sums.places.samples.length; index++) {
        if (sums.places.samples[index] > 0) {
          rows.push({ index });
        }
      }

      const kept = rows.reduce((sum, { index }) => sum + sums.places.samples[index], 0);
      const rest = sums.total.samples[0] - kept;
      table.update(rows, 'No samples are selected.', rest > 0 ? `${Format.plural(rest, 'selected sample')} fell on instructions with too few to be listed, or had no PC.` : '');
    } else if (this.current === 'source') {
      this.updateSourceLines(table);
    } else {
      this.updateRegions(table, this.current === 'pages' ? 'page' : 'line');
    }
  }

  updateRegions(table, kind) {
    const isShared = this.current === 'shared';
    const rows = this.selection.regions(kind).map((region) => ({ ...region, kind })).filter((row) => !isShared || (row.cpus.size > 1 && row.writes > 0 && this.report.table.lines.severalThreads[row.number] === 1));
    const [words, note] = isShared
      ? ['No cache line was seen to be accessed by several threads on several CPUs, one of which writes.', 'A row of words for each CPU: orange was written, blue only read. Candidates, because a sample tells where one access of many began: bytes that were not seen may have been accessed, and so may lines.']
      : ['No selected sample has a data address.', `The ${kind === 'line' ? 'lines of 64 bytes' : 'pages of 4 KiB'} with most samples in the whole trace. Physical addresses where the trace has them (pa_enable=1).`];
    this.most = rows.reduce((most, { samples }) => Math.max(most, samples), 0);
    table.update(rows, words, note);
  }
}
