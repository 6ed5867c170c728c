'use strict';

/** Numbers as people read them. What was not recorded is a dash. */
const Format = {
  none: '–',

  grouped: new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }),

  count(value) {
    return Format.grouped.format(value);
  },

  /** Four digits at most, with a unit of a thousand, a million or more. */
  rough(value) {
    const units = [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']];
    const unit = units.find(([size]) => value >= size);
    return unit === undefined ? Format.count(value) : `${Format.digits(unit[1] === 'k' ? value / 1e3 : value / unit[0])} ${unit[1]}`;
  },

  /** Three significant digits, or all before the point. */
  digits(value) {
    return value >= 100 ? Format.count(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  },

  /** One digit behind the point; halves go up, as in pinion report. */
  tenth(value) {
    return (Math.round(value * 10) / 10).toFixed(1);
  },

  percent(part, whole) {
    return whole === 0 ? Format.none : Format.share(part / whole);
  },

  share(share) {
    return share === 0 ? '0 %' : share < 0.0005 ? '<0.1 %' : `${(Math.round(share * 1000) / 10).toFixed(1)} %`;
  },

  /** A mean of `sum` over `number`, in cycles. */
  mean(sum, number) {
    return number === 0 ? Format.none : Format.tenth(sum / number);
  },

  optional(value) {
    return value === null ? Format.none : Format.count(value);
  },

  seconds(seconds) {
    const units = [[1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [1e-9, 'ns']];
    const [size, unit] = units.find(([limit]) => seconds >= limit) ?? units[3];
    return `${Format.digits(seconds / size)} ${unit}`;
  },

  hex(high, low) {
    return `0x${high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0')}`;
  },

  plural(count, one, many = `${one}s`) {
    return `${Format.count(count)} ${count === 1 ? one : many}`;
  },
};
