import { expect, test } from 'vitest'
import { makeScale, roomyTicks } from '@/runs/scale'

test('an hour of waiting between seconds of work is folded to a fixed width', () => {
  const scale = makeScale(0, 3_606_000, [[0, 2000], [3_602_000, 3_606_000]], true)
  expect(scale.segments.map((segment) => [segment.from, segment.to, segment.folded])).toEqual([
    [0, 2000, false], [2000, 3_602_000, true], [3_602_000, 3_606_000, false],
  ])
  expect(scale.segments[1]!.width).toBe(9)
  expect(scale.at(2000)).toBeCloseTo(91 / 3)
  expect(scale.at(3_602_000)).toBeCloseTo(91 / 3 + 9)
  expect(scale.at(3_606_000)).toBeCloseTo(100)
})

test('without folding the axis is linear', () => {
  const scale = makeScale(1000, 11_000, [[1000, 2000]], false)
  expect(scale.at(6000)).toBeCloseTo(50)
  expect(scale.segments.every((segment) => !segment.folded)).toBe(true)
})

test('idle stretches shorter than the work are not folded', () => {
  const scale = makeScale(0, 20_000, [[0, 8000], [11_000, 20_000]], true)
  expect(scale.segments).toHaveLength(1)
})

test('positions never fall, whatever the spans', () => {
  const spans: [number, number][] = [[50, 40_000], [0, 10], [39_000, 41_000], [900_000, 900_001], [1_000_000, 2_000_000]]
  const scale = makeScale(0, 1_000_500, spans, true)
  let last = 0
  for (let time = -500; time <= 1_001_000; time += 777) {
    const here = scale.at(time)
    expect(here).toBeGreaterThanOrEqual(last)
    expect(here).toBeLessThanOrEqual(100.0001)
    last = here
  }
})

test('a run with no span at all has a scale', () => {
  const scale = makeScale(5, 5, [], true)
  expect(scale.at(5)).toBe(0)
  expect(Number.isFinite(scale.at(6))).toBe(true)
})

test('a run that only waits is one fold', () => {
  const scale = makeScale(0, 60_000, [], true)
  expect(scale.segments).toHaveLength(1)
  expect(scale.at(30_000)).toBeCloseTo(50)
})

const label = (offset: number) => `${offset / 1000} s`

test('ticks without room for their labels are left out', () => {
  const scale = makeScale(0, 8000, [[0, 8000]], true)
  expect(roomyTicks(scale.ticks, 1000, label).length).toBeGreaterThan(roomyTicks(scale.ticks, 120, label).length)
})
