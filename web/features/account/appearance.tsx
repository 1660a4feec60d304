// What belongs to this browser: colours, the language of numbers and dates, keys without Ctrl, what is read aloud.
import { SegmentedControl, Select, Switch, useMantineColorScheme } from '@mantine/core'
import { useState } from 'react'
import { Section } from './section.tsx'
import { type Preferences, readPreference, writePreference } from '../../shared/ui/preferences.ts'

const LANGUAGES = [
  { value: '', label: 'As the browser' },
  { value: 'en-GB', label: 'English (1,234.5 · 31/12/2026)' },
  { value: 'en-US', label: 'English, US (1,234.5 · 12/31/2026)' },
  { value: 'de-DE', label: 'Deutsch (1.234,5 · 31.12.2026)' },
  { value: 'fr-FR', label: 'Français (1 234,5 · 31/12/2026)' },
  { value: 'sv-SE', label: 'Svenska (1 234,5 · 2026-12-31)' },
]

export function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [language, setLanguage] = useState(() => readPreference('language'))
  return (
    <Section title="In this browser" about="Kept here and not with the account: each of your browsers may look different.">
      <div className="tm-card tm-stack">
        <SegmentedControl
          aria-label="Colours"
          style={{ justifySelf: 'start' }}
          value={colorScheme}
          onChange={(value) => setColorScheme(value as 'light' | 'dark' | 'auto')}
          data={[
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
            { value: 'auto', label: 'As the system' },
          ]}
        />
        <Select
          label="Numbers and dates"
          description="How tables, charts and times are written. The page is loaded anew."
          maw={340}
          data={LANGUAGES}
          value={language}
          onChange={(value) => {
            setLanguage(value ?? '')
            writePreference('language', value ?? '')
            location.reload()
          }}
        />
        <OnOff name="singleKeys" label="Single keys" about="Shortcuts without Ctrl, such as g e and ?" />
        <OnOff name="announce" label="Announce live changes" about="Screen readers are told what changed" />
      </div>
    </Section>
  )
}

function OnOff({ name, label, about }: { name: keyof Preferences; label: string; about: string }) {
  const [on, setOn] = useState(() => readPreference(name) === 'on')
  return (
    <Switch
      label={label}
      description={about}
      checked={on}
      onChange={(event) => {
        setOn(event.currentTarget.checked)
        writePreference(name, event.currentTarget.checked ? 'on' : 'off')
      }}
    />
  )
}
