import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initials, seatPositions, type Spot } from '../../src/ui/parts/seats.ts'

const apart = (spots: readonly Spot[]): number => Math.min(...spots.flatMap((a, i) =>
  spots.slice(i + 1).map((b) => Math.hypot(a.x - b.x, a.y - b.y))))

test('no two seats of a ring stand closer than a finger, from 320 px up to 16 people', () => {
  for (const width of [320, 360, 412]) {
    for (let n = 2; n <= 16; n++) {
      const spots = seatPositions(n, width, width * 1.42)
      assert.ok(spots, `${n} at ${width}`)
      assert.ok(apart(spots) >= 48, `${n} at ${width}: ${apart(spots)}`)
    }
  }
})

test('up to ten people sit in a circle, more in an upright oval', () => {
  const spread = (n: number): number => {
    const spots = seatPositions(n, 360, 600) ?? []
    const [xs, ys] = [spots.map((s) => s.x), spots.map((s) => s.y)]
    return (Math.max(...ys) - Math.min(...ys)) / (Math.max(...xs) - Math.min(...xs))
  }
  assert.ok(Math.abs(spread(10) - 1) < 0.06)
  assert.ok(spread(12) > 1.2)
})

test('seats go clockwise, the first just right of the top', () => {
  const [first, second] = seatPositions(8, 360, 360) ?? []
  assert.ok(first && second)
  assert.ok(first.x > 180 && first.y < 100)
  assert.ok(second.x > first.x && second.y > first.y)
})

test('more than sixteen people, or no room, is a list and not a ring', () => {
  assert.equal(seatPositions(17, 360, 500), null)
  assert.equal(seatPositions(16, 200, 200), null)
  assert.equal(seatPositions(0, 360, 360), null)
})

test('a seat has two letters of its person', () => {
  assert.equal(initials('Aaliyah Khan'), 'AK')
  assert.equal(initials('Mohammed Ali Khan (Y3)'), 'MK')
  assert.equal(initials('Thiruvalluvan'), 'Th')
  assert.equal(initials('Siân Ó Briain-Okafor'), 'SB')
  assert.equal(initials('ياسمين الحداد'), 'يا')
  assert.equal(initials(''), '')
})
