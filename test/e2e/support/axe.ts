/**
 * What axe finds wrong on the page as it is now, one line each; for `toEqual([])`. Called by test/e2e.
 *
 * By axe-core itself, put into the page once per load: its wrapper for Playwright opens another page per call to merge frames, and
 * the app has none. `colours`: contrast alone; nothing else depends on the scheme. `within`, `but`: selectors of what to look at
 * and what to leave out, where the rest was looked at before.
 */
import axeCore from 'axe-core'
import type { Page } from 'playwright-core'

const AA = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }
const CONTRAST = { type: 'rule', values: ['color-contrast'] }

interface Found {
  violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[]
}
declare const axe: { run(context: object, options: object): Promise<Found> }

export async function violations(
  page: Page,
  { what = 'all', within, but }: { what?: 'all' | 'colours'; within?: string; but?: string } = {},
): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeCore.source)
  const found = await page.evaluate(
    async ([include, exclude, runOnly]) => {
      const { violations } = await axe.run({ include, exclude }, { runOnly, resultTypes: ['violations'] })
      return violations.map(({ id, nodes }) => ({
        id,
        nodes: nodes.slice(0, 4).map(({ target, failureSummary }) => ({ target, failureSummary })),
      }))
    },
    [[[within ?? 'html']], but ? [[but]] : [], what === 'all' ? AA : CONTRAST] as const,
  )
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} — ${failureSummary?.split('\n')[1]?.trim()}`),
  )
}
