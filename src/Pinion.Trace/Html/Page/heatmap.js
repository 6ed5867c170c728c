'use strict';

/** Samples by time and latency: a picture of cells, and beside it the same samples by latency alone. */
class HeatMap {
  static height = 300;

  static margin = { left: 44, bottom: 26, top: 8, right: 96 };

  constructor(report, selection) {
    Object.assign(this, { report, selection });
    this.parts = report.time?.parts ?? 0;
    this.canvas = element('canvas', { tabindex: '0', role: 'img', 'aria-describedby': 'heat-cell' });
    this.readout = element('p', { id: 'heat-cell', class: 'visually-hidden', 'aria-live': 'polite' });
    this.cursor = null;
    byId('heat').replaceChildren(this.canvas, this.readout);
    this.canvas.addEventListener('pointermove', (event) => this.pointed(event));
    this.canvas.addEventListener('pointerleave', () => this.moveTo(null));
    this.canvas.addEventListener('blur', () => this.moveTo(null));
    this.canvas.addEventListener('keydown', (event) => this.pressed(event));
    new ResizeObserver(() => this.draw()).observe(byId('heat'));
  }

  update() {
    const { histogram, heat } = this.selection.sums;
    this.buckets = 1 + Math.max(8, histogram.findLastIndex((samples) => samples > 0));
    const bucketCount = this.selection.bucketCount;
    this.most = 1;
    for (let at = bucketCount; at < heat.length; at++) {
      this.most = Math.max(this.most, heat[at]);
    }

    this.samples = histogram.reduce((sum, samples) => sum + samples, 0);
    this.quantiles = [0.5, 0.9, 0.99].map((quantile) => [`p${quantile * 100}`, this.selection.quantile(null, quantile)]);
    this.canvas.setAttribute('aria-label', this.samples === 0 ? 'No latencies are selected.'
      : `Latency over time. ${this.quantiles.map(([name, cycles]) => `${name} ${cycles} cycles`).join(', ')}. Arrow keys read cells.`);
    this.draw();
  }

  /** Colour of a count, on a logarithmic scale. */
  colour(scale, samples, most) {
    return Theme.rgb(Theme.mix(scale, most <= 1 ? 1 : 0.12 + (0.88 * Math.log(samples)) / Math.log(most)));
  }

  draw() {
    const width = byId('heat').clientWidth;
    if (width === 0 || this.buckets === undefined) {
      return;
    }

    const density = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * density);
    this.canvas.height = Math.round(HeatMap.height * density);
    this.canvas.style.height = `${HeatMap.height}px`;
    const context = this.canvas.getContext('2d');
    context.scale(density, density);
    const style = getComputedStyle(document.documentElement);
    this.paint = { context, ink: style.getPropertyValue('--ink'), muted: style.getPropertyValue('--muted'), line: style.getPropertyValue('--line'), paper: style.getPropertyValue('--paper'), scale: Theme.scale('many') };
    const { left, bottom, top, right } = HeatMap.margin;
    this.area = { left, top, width: width - left - right, height: HeatMap.height - top - bottom };
    context.font = `11px ${style.getPropertyValue('--sans')}`;
    this.drawAxes();
    if (this.samples === 0) {
      this.say('No latencies are selected.');
    } else if (this.parts === 0) {
      this.say('The records have no timestamps.');
    } else {
      this.drawCells();
    }

    this.drawHistogram();
    this.drawCursor();
    this.updateLegend();
  }

  say(text) {
    const { context, muted } = this.paint;
    context.fillStyle = muted;
    context.textAlign = 'center';
    context.fillText(text, this.area.left + this.area.width / 2, this.area.top + this.area.height / 2);
  }

  /** Top edge of a bucket; the lowest latency is at the bottom. */
  y(bucket) {
    return this.area.top + this.area.height * (1 - (bucket + 1) / this.buckets);
  }

  drawAxes() {
    const { context, muted, line } = this.paint;
    const { left, top, width, height } = this.area;
    const { time, buckets } = this.report;
    context.fillStyle = muted;
    context.strokeStyle = line;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    let last = Infinity;
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      const cycles = buckets[bucket];
      const y = this.y(bucket) + height / this.buckets;
      if ((cycles & (cycles - 1)) === 0 && cycles !== 1 && last - y > 16) {
        context.fillText(Format.rough(cycles), left - 8, y - height / this.buckets / 2);
        last = y;
      }
    }

    context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
    if (time !== null) {
      context.textBaseline = 'top';
      const whole = time.width * time.parts;
      const ticks = width > 420 ? 4 : 2;
      for (let tick = 0; tick <= ticks; tick++) {
        const at = (whole * tick) / ticks;
        context.textAlign = tick === 0 ? 'left' : tick === ticks ? 'right' : 'center';
        context.fillText(time.seconds ? (at === 0 ? '0 s' : Format.seconds(at)) : Format.rough(at), left + (width * tick) / ticks, top + height + 8);
      }
    }
  }

  drawCells() {
    const { context, scale } = this.paint;
    const { left, width, height } = this.area;
    const { heat } = this.selection.sums;
    const bucketCount = this.selection.bucketCount;
    const step = width / this.parts;
    const tall = height / this.buckets;
    for (let part = 0; part < this.parts; part++) {
      for (let bucket = 0; bucket < this.buckets; bucket++) {
        const samples = heat[(part + 1) * bucketCount + bucket];
        if (samples > 0) {
          context.fillStyle = this.colour(scale, samples, this.most);
          context.fillRect(left + part * step, this.y(bucket), step + 0.35, tall + 0.35);
        }
      }
    }
  }

  /** Bars on the right, and lines where half, 90 % and 99 % of the samples lie below. */
  drawHistogram() {
    const { context, scale, ink, muted, paper } = this.paint;
    const { left, width, height } = this.area;
    const { histogram } = this.selection.sums;
    const start = left + width + 10;
    const room = HeatMap.margin.right - 10;
    const most = histogram.reduce((one, other) => Math.max(one, other), 1);
    context.fillStyle = Theme.rgb(Theme.mix(scale, 0.6));
    for (let bucket = 0; bucket < this.buckets; bucket++) {
      if (histogram[bucket] > 0) {
        context.fillRect(start, this.y(bucket) + 0.5, Math.max(1, (room * histogram[bucket]) / most), Math.max(1, height / this.buckets - 1));
      }
    }

    context.textAlign = 'right';
    context.textBaseline = 'bottom';
    let last = Infinity;
    for (const [name, cycles] of this.quantiles) {
      if (cycles === null) {
        continue;
      }

      const bucket = this.report.buckets.findLastIndex((lowest) => lowest <= cycles);
      const y = this.y(bucket) + height / this.buckets / 2;
      context.strokeStyle = muted;
      context.lineWidth = 1;
      context.setLineDash([2, 3]);
      context.beginPath();
      context.moveTo(start, y);
      context.lineTo(start + room, y);
      context.stroke();
      context.setLineDash([]);
      if (last - y > 12) {
        context.strokeStyle = paper;
        context.lineWidth = 4;
        context.strokeText(`${name} ${Format.count(cycles)}`, start + room, y - 1);
        context.fillStyle = ink;
        context.fillText(`${name} ${Format.count(cycles)}`, start + room, y - 1);
        last = y;
      }
    }
  }

  drawCursor() {
    if (this.cursor !== null) {
      const { context, ink } = this.paint;
      const { left, width, height } = this.area;
      context.strokeStyle = ink;
      context.lineWidth = 1.5;
      context.strokeRect(left + (this.cursor.part * width) / this.parts, this.y(this.cursor.bucket), Math.max(2, width / this.parts), height / this.buckets);
    }
  }

  updateLegend() {
    const { scale } = this.paint;
    byId('heat-legend').replaceChildren(
      element('span', { text: 'samples' }), element('span', { text: '1' }),
      element('span', { class: 'ramp', style: { 'background-image': `linear-gradient(to right, ${scale.map(Theme.rgb).join(', ')})` } }),
      element('span', { text: Format.rough(this.most) }));
  }

  pointed(event) {
    const box = this.canvas.getBoundingClientRect();
    const { left, top, width, height } = this.area;
    const part = Math.floor(((event.clientX - box.left - left) / width) * this.parts);
    const bucket = Math.floor((1 - (event.clientY - box.top - top) / height) * this.buckets);
    const isInside = part >= 0 && part < this.parts && bucket >= 0 && bucket < this.buckets;
    this.moveTo(isInside ? { part, bucket } : null, event.clientX, event.clientY);
  }

  pressed(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (step === undefined || this.parts === 0) {
      return;
    }

    event.preventDefault();
    const from = this.cursor ?? { part: 0, bucket: 0 };
    const clamp = (value, end) => Math.min(end - 1, Math.max(0, value));
    const cell = { part: clamp(from.part + step[0], this.parts), bucket: clamp(from.bucket + step[1], this.buckets) };
    const box = this.canvas.getBoundingClientRect();
    this.moveTo(cell, box.left + this.area.left + (cell.part * this.area.width) / this.parts, box.top + this.y(cell.bucket));
    this.readout.textContent = this.describe(cell).flat(2).join(', ');
  }

  moveTo(cell, x, y) {
    this.cursor = cell;
    this.draw();
    if (cell === null) {
      Tooltip.hide();
    } else {
      Tooltip.show(x, y, ...this.describe(cell));
    }
  }

  describe({ part, bucket }) {
    const { time, buckets } = this.report;
    const from = part * time.width;
    const span = time.seconds ? `${Format.seconds(from)} – ${Format.seconds(from + time.width)}` : `${Format.count(from)} – ${Format.count(from + time.width)} counts`;
    const cycles = buckets[bucket + 1] - 1 === buckets[bucket] ? `${buckets[bucket]}` : `${Format.count(buckets[bucket])} – ${Format.count(buckets[bucket + 1] - 1)}`;
    return [`${cycles} cycles`, [['time', span], ['samples', Format.count(this.selection.sums.heat[(part + 1) * this.selection.bucketCount + bucket])]]];
  }
}
