// When a view refreshes by itself: presets, seconds or cron, in words, with the next three runs. Used in the form and the dialog.
import { Chip, NumberInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { nextRuns, PRESETS, scheduleProblem, scheduleWords, secondsOf, utc } from '../../shared/format/schedule.ts'
import './schedule-picker.css'

const CUSTOM = ['seconds', 'cron'] as const

export function SchedulePicker({ value, onChange }: { value: string | null; onChange: (schedule: string | null) => void }) {
  const [own, setOwn] = useState<'seconds' | 'cron' | null>(() =>
    value === null || PRESETS.some((preset) => preset.value === value) ? null : secondsOf(value) === null ? 'cron' : 'seconds',
  )
  const choose = (chosen: string) => {
    const custom = CUSTOM.find((each) => each === chosen) ?? null
    setOwn(custom)
    if (custom === 'seconds') onChange(value !== null && secondsOf(value) !== null ? value : '30 seconds')
    else if (custom === 'cron') onChange(value !== null && secondsOf(value) === null ? value : '0 * * * *')
    else onChange(chosen === '' ? null : chosen)
  }
  const problem = value === null ? null : scheduleProblem(value)
  const seconds = value === null ? null : secondsOf(value)
  return (
    <fieldset className="tm-schedule">
      <legend>Refresh</legend>
      <Chip.Group value={own ?? value ?? ''} onChange={(chosen) => choose(chosen as string)}>
        <div className="tm-schedule-chips">
          <Chip value="" size="sm">
            By hand
          </Chip>
          {PRESETS.map((preset) => (
            <Chip key={preset.value} value={preset.value} size="sm">
              {preset.name}
            </Chip>
          ))}
          <Chip value="seconds" size="sm">
            Every N seconds
          </Chip>
          <Chip value="cron" size="sm">
            Cron
          </Chip>
        </div>
      </Chip.Group>
      {own === 'seconds' && (
        <NumberInput
          label="Seconds"
          min={1}
          max={59}
          w={140}
          value={seconds ?? ''}
          onChange={(next) => onChange(`${next || 1} seconds`)}
          error={problem}
        />
      )}
      {own === 'cron' && (
        <TextInput
          label="Cron fields"
          description="minute, hour, day of the month, month, day of the week; in UTC"
          maw={340}
          value={value ?? ''}
          onChange={(event) => onChange(event.currentTarget.value)}
          error={problem}
          spellCheck={false}
        />
      )}
      <p className="tm-small tm-dim" role="status">
        {value === null ? (
          'Refreshed when somebody says so: here, or by refreshMatview.'
        ) : problem ? null : (
          <>
            <b>{scheduleWords(value)}.</b> Next:{' '}
            {nextRuns(value)
              .map((run) => utc(run, seconds !== null))
              .join(' · ')}{' '}
            UTC
          </>
        )}
      </p>
    </fieldset>
  )
}
