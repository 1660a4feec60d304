// The list of keys (?).
import { Modal } from '@mantine/core'
import { SCREENS } from './navigation.ts'
import { useReturnFocus } from '../shared/ui/use-return-focus.ts'

const GRID: [string, string][] = [
  ['← ↑ → ↓', 'Move; with Shift select a block'],
  ['Home / End', 'First / last column; with Ctrl first / last row'],
  ['Page Up / Down', 'One window of rows'],
  ['Ctrl G', 'Go to a row'],
  ['Enter or F2', 'Edit the cell; in a view open the record'],
  ['Any letter', 'Replace the cell'],
  ['Esc', 'Leave the cell as it was'],
  ['Del', 'Empty the cells (null)'],
  ['Space', 'Tick the row'],
  ['Ctrl Enter', 'Open the record'],
  ['Ctrl C / Ctrl V', 'Copy / paste a block'],
  ['Ctrl Z / Ctrl Y', 'Undo / redo'],
  ['Alt ↓', 'Menu of the column'],
  ['Tab', 'Leave the grid'],
]
const APP: [string, string][] = [
  ['Ctrl K', 'Find anything'],
  ['/', 'Search in this relation'],
  ['?', 'This list'],
  ...SCREENS.filter(({ key }) => key).map(({ key, name }): [string, string] => [`g ${key}`, name]),
]

export default function KeyHelp({ close }: { close: () => void }) {
  useReturnFocus()
  return (
    <Modal opened onClose={close} title="Keyboard" size="lg">
      <div className="tm-keys">
        {[
          { title: 'Everywhere', keys: APP },
          { title: 'In a grid', keys: GRID },
        ].map(({ title, keys }) => (
          <section key={title}>
            <h3 className="tm-section-title">{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>
                    <kbd className="tm-kbd">{key}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="tm-small tm-dim">Keys without Ctrl can be switched off under Settings.</p>
    </Modal>
  )
}
