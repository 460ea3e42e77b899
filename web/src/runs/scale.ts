import { merge, waitVerbs, type Row, type Span } from './rows'

/** A stretch of the time axis; a folded one has a fixed width, however long it lasts. */
export type Segment = { from: number; to: number; folded: boolean; left: number; width: number } // left, width: per cent

export type Scale = { segments: Segment[]; at: (time: number) => number; ticks: { at: number; offset: number }[] }

const foldedWidth = 9 // per cent
const foldAtLeast = 2000 // shorter idle stretches are not worth a fold
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000]

/** The spans in which the run worked, rather than waited for a person. */
export function busySpans(rows: Row[]): Span[] {
  return rows.flatMap((row) => {
    if (row.children.length > 0) return busySpans(row.children)
    const isWait = waitVerbs.has(row.step?.verb ?? '')
    return row.start === undefined || row.end === undefined || isWait ? [] : [[row.start, row.end] as Span]
  })
}

/**
 * Time to position. Where nothing but waiting went on for longer than all the work took, the axis is folded, so that
 * a decision of an hour does not press the seconds of work into one line.
 */
export function makeScale(start: number, end: number, busy: Span[], fold: boolean): Scale {
  const length = Math.max(1, end - start)
  const clipped = busy
    .map(([from, to]): Span => [Math.max(start, from), Math.min(end, to)])
    .filter(([from, to]) => to >= from)
  const work = merge(clipped, 0)
  const worked = work.reduce((total, [from, to]) => total + to - from, 0)
  const foldFrom = Math.max(foldAtLeast, worked)

  const raw: { from: number; to: number; folded: boolean }[] = []
  const push = (from: number, to: number, folded: boolean) => {
    const last = raw.at(-1)
    if (last && !last.folded && !folded) last.to = to
    else if (to > from || !last) raw.push({ from, to, folded })
  }
  let at = start
  for (const [from, to] of work) {
    if (from > at) push(at, from, fold && from - at > foldFrom)
    push(Math.max(at, from), to, false)
    at = Math.max(at, to)
  }
  if (end > at) push(at, end, fold && end - at > foldFrom)
  if (raw.length === 0) raw.push({ from: start, to: start + length, folded: false })

  const folds = raw.filter((segment) => segment.folded).length
  const linear = raw.reduce((total, segment) => total + (segment.folded ? 0 : segment.to - segment.from), 0)
  const open = raw.length - folds
  const room = open === 0 ? 0 : 100 - foldedWidth * folds
  let left = 0
  const segments = raw.map((segment): Segment => {
    const width = segment.folded ? (open === 0 ? 100 / folds : foldedWidth)
      : linear > 0 ? ((segment.to - segment.from) / linear) * room : room / open
    const placed = { ...segment, left, width }
    left += width
    return placed
  })

  const position = (time: number) => {
    if (time <= start) return 0
    for (const segment of segments) {
      if (time <= segment.to) {
        const span = segment.to - segment.from
        return segment.left + (span > 0 ? (segment.width * Math.max(0, time - segment.from)) / span : 0)
      }
    }
    return 100
  }

  const step = steps.find((candidate) => linear / candidate <= 6) ?? steps.at(-1)!
  const ticks: Scale['ticks'] = []
  for (const segment of segments) {
    if (segment.folded) continue
    for (let offset = Math.ceil((segment.from - start) / step) * step; start + offset <= segment.to && ticks.length < 40; offset += step) {
      if (offset > 0) ticks.push({ at: position(start + offset), offset })
    }
  }
  return { segments, at: position, ticks }
}

/** The ticks whose labels have room, given the width of the axis in pixels. */
export function roomyTicks(ticks: Scale['ticks'], width: number, label: (offset: number) => string): Scale['ticks'] {
  const kept: Scale['ticks'] = []
  const pixels = (at: number) => (at / 100) * width
  for (const tick of ticks) {
    const half = label(tick.offset).length * 3.3 + 6
    const previous = kept.at(-1)
    const clear = !previous || pixels(tick.at - previous.at) > half + label(previous.offset).length * 3.3 + 6
    if (clear && pixels(tick.at) > half && pixels(tick.at) < width - half) kept.push(tick)
  }
  return kept
}
