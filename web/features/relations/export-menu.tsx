// What is shown, elsewhere: as a file, as a REST address, as SQL.
import { Button, Menu, Modal } from '@mantine/core'
import { IconApi, IconBrackets, IconDownload, IconFileTypeCsv, IconLink, IconSql } from '@tabler/icons-react'
import { useState } from 'react'
import type { Relation } from '../../shared/api/catalog.ts'
import { useWorkspace } from '../../shared/api/session.ts'
import { CopyCard } from '../../shared/ui/copy-card.tsx'
import { asSql, download, restPath } from './export.ts'
import { tell, tellError } from './use-commands.ts'
import type { View } from './use-view.ts'
import type { PlacedColumn } from './view-config.ts'

export function ExportMenu({ relation, view, columns }: { relation: Relation; view: View; columns: PlacedColumn[] }) {
  const workspace = useWorkspace()
  const [shown, setShown] = useState<'sql' | 'rest' | null>(null)
  const path = () => restPath(relation, columns, view.config, view.q)
  const file = (kind: 'csv' | 'json') => () => {
    tell('The file is being made…')
    void download(workspace, path(), relation.name, kind).catch(tellError)
  }
  return (
    <>
      <Menu position="bottom-start" width={230}>
        <Menu.Target>
          <Button variant="subtle" color="gray" leftSection={<IconDownload size={15} aria-hidden />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>What is shown, all rows</Menu.Label>
          <Menu.Item leftSection={<IconFileTypeCsv size={15} aria-hidden />} onClick={file('csv')}>
            CSV
          </Menu.Item>
          <Menu.Item leftSection={<IconBrackets size={15} aria-hidden />} onClick={file('json')}>
            JSON
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLink size={15} aria-hidden />}
            onClick={() => void navigator.clipboard.writeText(location.href).then(() => tell('The link is copied'))}
          >
            Copy a link to this view
          </Menu.Item>
          <Menu.Item leftSection={<IconSql size={15} aria-hidden />} onClick={() => setShown('sql')}>
            Show SQL
          </Menu.Item>
          <Menu.Item leftSection={<IconApi size={15} aria-hidden />} onClick={() => setShown('rest')}>
            Show the API call
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {shown && (
        <Modal opened onClose={() => setShown(null)} title={shown === 'sql' ? 'This view as SQL' : 'This view over REST'} size="lg">
          <CopyCard
            label={shown}
            text={
              shown === 'sql'
                ? asSql(workspace, relation, columns, view.config, view.q)
                : `curl -H "Authorization: Bearer $TOKEN" -H "Accept: text/csv" \\\n  "${location.origin}${path()}"`
            }
          />
        </Modal>
      )}
    </>
  )
}
