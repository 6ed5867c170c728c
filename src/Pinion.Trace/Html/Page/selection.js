'use strict';

/** What is summed for each place; each is a column of the table of cells. */
const MEASURES = ['samples', 'withLatency', 'latency', 'withIssue', 'issue', 'withTranslation', 'translation', 'mispredicted', 'notTaken', 'l1Refills', 'llcMisses', 'tlbWalks', 'remote', 'exceptions'];

/** What filters select by: a name of a column of the contexts, and one of the lists of names. */
const FACETS = [
  { key: 'class', label: 'Class' },
  { key: 'cpu', label: 'CPU' },
  { key: 'level', label: 'Exception level' },
  { key: 'process', label: 'Process' },
];

/** Sums of one thing: numbers for each of `size` members. */
function makeSums(size) {
  const sums = { maximum: new Float64Array(size), branches: new Float64Array(size) };
  for (const measure of MEASURES) {
    sums[measure] = new Float64Array(size);
  }

  return sums;
}

/** A latency that the share `quantile` of the samples in `histogram` does not exceed: the upper end of its bucket, or the maximum; null without samples. */
function quantileOf(histogram, offset, buckets, quantile, maximum) {
  let count = 0;
  for (let bucket = 0; bucket < buckets.length - 1; bucket++) {
    count += histogram[offset + bucket];
  }

  if (count === 0) {
    return null;
  }

  const rank = Math.min(count, Math.max(1, Math.ceil(quantile * count)));
  let bucket = 0;
  for (let seen = histogram[offset]; seen < rank; seen += histogram[offset + bucket]) {
    bucket++;
  }

  return Math.min(buckets[bucket + 1] - 1, maximum);
}

/** What is selected, and the sums over it. Everything that the page shows comes from `sums`. */
class Selection {
  constructor(report) {
    this.report = report;
    this.functionCount = report.functions.length;
    this.bucketCount = report.buckets.length - 1;
    this.sourceCount = report.sources.length;
    this.chosen = Object.fromEntries(FACETS.map(({ key }) => [key, new Set()]));
    this.text = '';
    this.names = report.functions.map((name, index) => `${report.images[report.table.functions.image[index]]} ${name}`.toLowerCase());
    this.classes = Object.fromEntries(report.classes.map((name, index) => [name, index]));
    this.functionOfPlace = new Float64Array(this.functionCount + report.table.instructions.rows);
    for (let place = 0; place < this.functionOfPlace.length; place++) {
      this.functionOfPlace[place] = place < this.functionCount ? place : report.table.instructions.function[place - this.functionCount];
    }

    this.update();
  }

  get isEmpty() {
    return this.text === '' && FACETS.every(({ key }) => this.chosen[key].size === 0);
  }

  /** Selects or leaves one member of a facet. */
  toggle(facet, member) {
    if (!this.chosen[facet].delete(member)) {
      this.chosen[facet].add(member);
    }

    this.update();
  }

  search(text) {
    this.text = text;
    this.update();
  }

  reset() {
    this.text = '';
    for (const { key } of FACETS) {
      this.chosen[key].clear();
    }

    this.update();
  }

  /** Whether the text selects each function: part of its name or its program's, or the whole name in quotes. */
  selectFunctions() {
    const text = this.text.trim().toLowerCase();
    const whole = /^"(.+)"$/.exec(this.text.trim());
    return Uint8Array.from(this.names, (name, index) => (text === '' || (whole === null ? name.includes(text) : this.report.functions[index] === whole[1]) ? 1 : 0));
  }

  /** Whether the facets select each context; the facet `except` is left out. */
  selectContexts(except) {
    const contexts = this.report.table.contexts;
    const selected = new Uint8Array(contexts.rows).fill(1);
    for (const { key } of FACETS) {
      if (key !== except && this.chosen[key].size > 0) {
        for (let context = 0; context < contexts.rows; context++) {
          selected[context] &= this.chosen[key].has(contexts[key][context]) ? 1 : 0;
        }
      }
    }

    return selected;
  }

  update() {
    this.functions = this.selectFunctions();
    this.contexts = this.selectContexts(null);
    this.sums = {
      ...this.sumCells(),
      ...this.sumTimes(),
      sources: this.sumSources(),
    };
    this.sums.facets = this.countFacets();
  }

  /** Sums by place, by function and over everything, and the samples of each process and function. */
  sumCells() {
    const { report, functionOfPlace, functions, contexts } = this;
    const cells = report.table.cells;
    const classOf = report.table.contexts.class;
    const processOf = report.table.contexts.process;
    const places = makeSums(functionOfPlace.length);
    const byFunction = makeSums(this.functionCount);
    const total = makeSums(1);
    const processes = { samples: new Float64Array(report.processes.length * this.functionCount), latency: new Float64Array(report.processes.length * this.functionCount), withLatency: null };
    processes.withLatency = new Float64Array(processes.samples.length);
    this.contextSamples = new Float64Array(contexts.length);
    const columns = MEASURES.map((measure) => [cells[measure], places[measure], byFunction[measure], total[measure]]);
    for (let row = 0; row < cells.rows; row++) {
      const place = cells.place[row];
      const owner = functionOfPlace[place];
      if (functions[owner] === 0) {
        continue;
      }

      const context = cells.context[row];
      this.contextSamples[context] += cells.samples[row];
      if (contexts[context] === 0) {
        continue;
      }

      for (const [values, byPlace, ofFunction, all] of columns) {
        const value = values[row];
        if (value !== 0) {
          byPlace[place] += value;
          ofFunction[owner] += value;
          all[0] += value;
        }
      }

      const isBranch = classOf[context] === this.classes.branch;
      for (const [sums, member] of [[places, place], [byFunction, owner], [total, 0]]) {
        sums.maximum[member] = Math.max(sums.maximum[member], cells.maximum[row]);
        sums.branches[member] += isBranch ? cells.samples[row] : 0;
      }

      const inProcess = processOf[context] * this.functionCount + owner;
      processes.samples[inProcess] += cells.samples[row];
      processes.latency[inProcess] += cells.latency[row];
      processes.withLatency[inProcess] += cells.withLatency[row];
    }

    const most = (samples) => samples.reduce((one, other) => Math.max(one, other), 0);
    return { places, functions: byFunction, total, processes, mostOfFunction: most(byFunction.samples), mostOfInstruction: most(places.samples.subarray(this.functionCount)) };
  }

  /** Samples by part of the time and bucket of latency, and by function and bucket. */
  sumTimes() {
    const { report, functions, contexts, bucketCount } = this;
    const times = report.table.times;
    const parts = report.time?.parts ?? 0;
    const heat = new Float64Array((parts + 1) * bucketCount);
    const histograms = new Float64Array(this.functionCount * bucketCount);
    const histogram = new Float64Array(bucketCount);
    for (let row = 0; row < times.rows; row++) {
      if (functions[times.function[row]] !== 0 && contexts[times.context[row]] !== 0) {
        const samples = times.samples[row];
        const bucket = times.bucket[row];
        heat[times.part[row] * bucketCount + bucket] += samples;
        histograms[times.function[row] * bucketCount + bucket] += samples;
        histogram[bucket] += samples;
      }
    }

    return { heat, histograms, histogram };
  }

  /** Samples by function and data source, and behind the functions those of all together. */
  sumSources() {
    const { report, functions, contexts, sourceCount } = this;
    const sources = report.table.sources;
    const sums = new Float64Array((this.functionCount + 1) * sourceCount);
    for (let row = 0; row < sources.rows; row++) {
      if (functions[sources.function[row]] !== 0 && contexts[sources.context[row]] !== 0) {
        sums[sources.function[row] * sourceCount + sources.source[row]] += sources.samples[row];
        sums[this.functionCount * sourceCount + sources.source[row]] += sources.samples[row];
      }
    }

    return sums;
  }

  /** Samples of each member of each facet, under all other filters. */
  countFacets() {
    const contexts = this.report.table.contexts;
    const counts = {};
    for (const { key } of FACETS) {
      const selected = this.selectContexts(key);
      const sums = new Map();
      for (let context = 0; context < contexts.rows; context++) {
        const member = contexts[key][context];
        sums.set(member, (sums.get(member) ?? 0) + (selected[context] === 0 ? 0 : this.contextSamples[context]));
      }

      counts[key] = sums;
    }

    return counts;
  }

  /** A quantile of the total latency of one function, or of everything selected; null without samples. */
  quantile(owner, quantile) {
    const { histograms, histogram, functions, total } = this.sums;
    return owner === null
      ? quantileOf(histogram, 0, this.report.buckets, quantile, total.maximum[0])
      : quantileOf(histograms, owner * this.bucketCount, this.report.buckets, quantile, functions.maximum[owner]);
  }

  /** Sums of the cache lines (`line`) or pages (`page`) that have selected samples. */
  regions(kind) {
    const { report, functions, contexts } = this;
    const cells = report.table[`${kind}Cells`];
    const classOf = report.table.contexts.class;
    const cpuOf = report.table.contexts.cpu;
    const regions = [];
    for (let row = 0; row < cells.rows; row++) {
      const context = cells.context[row];
      const owner = cells.function[row];
      if (functions[owner] === 0 || contexts[context] === 0) {
        continue;
      }

      const number = cells.region[row];
      const region = (regions[number] ??= { number, samples: 0, withLatency: 0, latency: 0, writes: 0, cpus: new Map(), functions: new Map() });
      const samples = cells.samples[row];
      const isWrite = classOf[context] === this.classes.store || classOf[context] === this.classes.atomic;
      region.samples += samples;
      region.withLatency += cells.withLatency[row];
      region.latency += cells.latency[row];
      region.writes += isWrite ? samples : 0;
      const cpu = cpuOf[context];
      let seen = region.cpus.get(cpu);
      if (seen === undefined) {
        seen = { read: [0, 0], written: [0, 0] };
        region.cpus.set(cpu, seen);
      }

      const offsets = isWrite ? seen.written : seen.read;
      offsets[0] |= cells.offsetsLow[row];
      offsets[1] |= cells.offsetsHigh[row];
      region.functions.set(owner, (region.functions.get(owner) ?? 0) + samples);
    }

    return regions.filter((region) => region !== undefined);
  }
}
