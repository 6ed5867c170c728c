'use strict';

/** The parts of the page that are not filtered: the recording, what is wrong with it, and how to read it. */
const Recording = {
  draw(report) {
    byId('lead').textContent = Recording.lead(report);
    const notices = [];
    if (report.losses.length > 0) {
      const kinds = report.losses.map(([kind, count]) => `${kind} ×${Format.count(Number(count))}`).join(', ');
      notices.push(Recording.notice('Records are missing.', `The recorder says so itself: ${kinds}.`, []));
    }

    if (report.diagnosisCount > 0) {
      const more = report.diagnosisCount - report.diagnoses.length;
      notices.push(Recording.notice('The file is damaged.', `${Format.plural(report.diagnosisCount, 'place')} could not be read; everything else is in this page.`, [...report.diagnoses, ...(more > 0 ? [`and ${Format.count(more)} more`] : [])]));
    }

    if (report.filtered) {
      notices.push(Recording.notice('A part of the trace.', 'This page was made with filters and does not hold every sample.', []));
    }

    byId('notices').replaceChildren(...notices);
    byId('recording').replaceChildren(
      element('dl', { class: 'facts' }, ...report.facts.map(([name, value]) => element('div', {}, element('dt', { class: 'name', text: name }), element('dd', { class: 'name', text: value })))),
      element('h3', { text: 'How to read it' }),
      ...Recording.explanation(report).map((text) => element('p', { text })));
    byId('footer').textContent = `Made by ${report.generator}. This page is complete: it fetches nothing and sends nothing.`;
  },

  lead(report) {
    if (report.samples === 0) {
      return 'The trace holds no samples.';
    }

    const parts = [Format.plural(report.samples, 'sample')];
    if (report.time !== null && report.time.seconds) {
      parts.push(`over ${Format.seconds(report.time.width * report.time.parts)}`);
    }

    const period = report.period > 0
      ? ` One stands for ${Format.count(report.period)} operations, all together for about ${Format.rough(report.period * report.samples)}.`
      : ' The trace does not tell how many operations one stands for.';
    return `${parts.join(' ')}.${period}`;
  },

  notice(heading, text, lines) {
    const head = [element('strong', { text: heading }), ` ${text}`];
    return lines.length === 0 ? element('p', { class: 'notice' }, ...head)
      : element('details', { class: 'notice' }, element('summary', {}, ...head), element('ul', {}, ...lines.map((line) => element('li', { class: 'name', text: line }))));
  },

  explanation(report) {
    return [
      'The profiling unit takes one operation of many and follows it through the core. A function with a tenth of the samples executed about a tenth of the operations; it did not take a tenth of the time. '
      + 'Cycles of latency are closer to time, but operations overlap, so they are more than the cycles that passed.',
      'Total latency runs from dispatch to completion. p50, p90 and p99 are upper ends of buckets that are at most a quarter wide. Mispredict is the share of the sampled branches that were predicted wrongly. '
      + 'Data sources are known for loads only.',
      `Rows called [more] count what the page does not keep apart: it holds at most ${Format.count(report.limits.functions)} functions, ${Format.count(report.limits.instructions)} instructions and ${Format.count(report.limits.processes)} processes, those with most samples.`,
    ];
  },
};

/** The figures above everything else, and the bars of data sources and classes. */
class Figures {
  constructor(report, selection) {
    Object.assign(this, { report, selection });
  }

  update() {
    const { total } = this.selection.sums;
    const of = (measure) => total[measure][0];
    const samples = of('samples');
    const quantile = (share) => Format.optional(this.selection.quantile(null, share));
    const figures = [
      ['samples', 'Samples', Format.count(samples), this.selection.isEmpty ? this.duration() : `${Format.percent(samples, this.report.samples)} of the trace`],
      ['latency', 'Mean latency, cycles', Format.mean(of('latency'), of('withLatency')), `p50 ${quantile(0.5)} · p90 ${quantile(0.9)} · p99 ${quantile(0.99)}`],
      ['issue', 'Mean issue latency', Format.mean(of('issue'), of('withIssue')), 'dispatch to issue'],
      ['mispredicted', 'Mispredicted', Format.percent(of('mispredicted'), of('branches')), `of ${Format.plural(of('branches'), 'branch', 'branches')}`],
      ['l1Refills', 'L1 refills', Format.count(of('l1Refills')), `${Format.percent(of('l1Refills'), samples)} of samples`],
      ['llcMisses', 'LLC misses', Format.count(of('llcMisses')), `${Format.percent(of('llcMisses'), samples)} of samples`],
      ['tlbWalks', 'TLB walks', Format.count(of('tlbWalks')), `${Format.percent(of('tlbWalks'), samples)} of samples`],
      ['remote', 'Remote accesses', Format.count(of('remote')), `${Format.percent(of('remote'), samples)} of samples`],
    ];
    byId('figures').replaceChildren(...figures.map(([key, label, value, note]) => element('div', { class: 'figure', 'data-figure': key },
      element('span', { class: 'figure-label', text: label }), element('span', { class: 'figure-value', text: value }), element('span', { class: 'figure-note', text: note }))));
    this.drawSources();
    this.drawClasses();
  }

  duration() {
    const { time } = this.report;
    return time !== null && time.seconds ? `in ${Format.seconds(time.width * time.parts)}` : 'in all';
  }

  drawSources() {
    const { report, selection } = this;
    const samples = (source) => selection.sums.sources[selection.functionCount * selection.sourceCount + source];
    const present = SOURCE_ORDER.filter((source) => samples(source) > 0);
    const all = present.reduce((sum, source) => sum + samples(source), 0);
    byId('sources-hint').textContent = all === 0 ? '' : `Of ${Format.plural(all, 'load')} with a data source, from near to far.`;
    byId('sources').replaceChildren(all === 0 ? element('p', { class: 'empty-state', text: 'No selected sample has a data source.' })
      : Figures.bars(present.map((source) => ({ key: source, label: report.sources[source], samples: samples(source), swatch: `source-${source}` })), all));
  }

  drawClasses() {
    const { report, selection } = this;
    const counts = new Map();
    const { class: classOf } = report.table.contexts;
    selection.contexts.forEach((isSelected, context) => {
      if (isSelected !== 0) {
        counts.set(classOf[context], (counts.get(classOf[context]) ?? 0) + selection.contextSamples[context]);
      }
    });
    const present = [...counts].filter(([, samples]) => samples > 0).sort(([, one], [, other]) => other - one);
    byId('classes').replaceChildren(present.length === 0 ? element('p', { class: 'empty-state', text: 'No samples are selected.' })
      : Figures.bars(present.map(([key, samples]) => ({ key, label: report.classes[key], samples, swatch: 'plain' })), selection.sums.total.samples[0]));
  }

  static bars(rows, all) {
    const most = Math.max(...rows.map(({ samples }) => samples));
    return element('table', { class: 'bars' }, element('tbody', {}, ...rows.map(({ key, label, samples, swatch }) => element('tr', { 'data-key': key },
      element('th', { scope: 'row', class: 'text name', text: label }),
      element('td', { class: 'bar-cell' }, element('span', { class: `bar ${swatch}`, style: { width: `${(100 * samples) / most}%` } })),
      element('td', { class: 'number', text: Format.percent(samples, all) }),
      element('td', { class: 'number muted', text: Format.count(samples) })))));
  }
}

async function start() {
  const theme = byId('theme');
  theme.textContent = Theme.names[Theme.choice];
  theme.addEventListener('click', () => {
    Theme.next();
    theme.textContent = Theme.names[Theme.choice];
  });
  if (!Data.isSupported) {
    byId('lead').textContent = 'This browser cannot unpack the numbers of the page (it has no DecompressionStream). Any browser from 2023 on can.';
    return;
  }

  const report = await Data.load();
  report.samples = report.table.cells.samples.reduce((sum, samples) => sum + samples, 0);
  const selection = new Selection(report);
  byId('main').hidden = false;
  const filters = new FilterBar(report, selection, () => update());
  const figures = new Figures(report, selection);
  const icicle = new Icicle(report, selection);
  const heatMap = new HeatMap(report, selection);
  const functions = makeFunctionTable(report, selection, filters);
  const addresses = new HotAddresses(report, selection);
  byId('functions').replaceChildren(functions.root);
  Recording.draw(report);

  const update = () => {
    filters.update();
    figures.update();
    icicle.update();
    heatMap.update();
    const rows = [];
    selection.sums.functions.samples.forEach((samples, index) => {
      if (samples > 0) {
        rows.push({ index });
      }
    });
    functions.update(rows, 'No samples are selected.');
    addresses.update();
  };
  update();
  Theme.listeners.push(() => {
    icicle.update();
    heatMap.draw();
  });
  document.documentElement.dataset.state = 'ready';
  performance.mark('pinion-ready');
}

start().catch((error) => {
  byId('lead').textContent = `The numbers of this page cannot be read: ${error.message}`;
  document.documentElement.dataset.state = 'failed';
  throw error;
});
