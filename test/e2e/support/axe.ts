/**
 * What axe finds wrong on the page as it is now, one line each; for `toEqual([])`. Called by test/e2e.
 *
 * `colours`: contrast alone, in the content alone. Nothing else depends on the scheme, and half of the time is saved.
 */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

export async function violations(page: Page, what: 'all' | 'colours' = 'all'): Promise<string[]> {
  const axe = new AxeBuilder({ page })
  if (what === 'all') axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
  else axe.withRules(['color-contrast']).exclude('.tm-nav')
  const found = await axe.analyze()
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 4).map(({ target, failureSummary }) => `${id}: ${target.join(' ')} — ${failureSummary?.split('\n')[1]?.trim()}`),
  )
}
