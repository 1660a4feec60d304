// CodeMirror 6 for SQL: completion from the workspace's relations, a squiggle where the server says the error is.
// Loaded by sql-editor.tsx when it is first shown, so that no other screen pays for it.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { PostgreSQL, sql } from '@codemirror/lang-sql'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'

export interface SqlEditorProps {
  value: string
  onChange: (value: string) => void
  /** Ctrl+Enter. */
  run: () => void
  /** Relation → columns. */
  tables: Record<string, string[]>
  /** Where it hurts (UTF-16 offset) and what hurts. */
  mark: { at: number; message: string } | null
  describedBy?: string
}

// The colours are the app's own, which keep AA contrast in both schemes.
const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--tm-accent)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--tm-ok)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--tm-info)' },
  { tag: tags.comment, color: 'var(--tm-dim)', fontStyle: 'italic' },
  { tag: tags.typeName, color: 'var(--tm-warn)' },
])
const look = EditorView.theme({
  '&': { backgroundColor: 'var(--tm-panel)', color: 'var(--tm-text)', fontSize: '13px' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', maxHeight: '45vh', lineHeight: '1.6' },
  '.cm-content': { caretColor: 'var(--tm-text)', padding: '10px 0' },
  '.cm-content, .cm-gutter': { minHeight: '150px' },
  '.cm-cursor': { borderLeftColor: 'var(--tm-text)' },
  '.cm-gutters': { backgroundColor: 'var(--tm-sunken)', color: 'var(--tm-dim)', border: 'none' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--tm-accent-soft) !important' },
  '.cm-tooltip': { backgroundColor: 'var(--tm-panel)', color: 'var(--tm-text)', border: '1px solid var(--tm-line-strong)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--tm-accent-soft)', color: 'var(--tm-text)' },
  '&.cm-focused': { outline: '2px solid var(--tm-accent)', outlineOffset: '-1px' },
})

const language = (tables: Record<string, string[]>) => sql({ dialect: PostgreSQL, schema: tables, upperCaseKeywords: true })

export default function CodeMirror({ value, onChange, run, tables, mark, describedBy }: SqlEditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const now = useRef({ onChange, run })
  const parts = useRef({ sql: new Compartment(), about: new Compartment() })
  useEffect(() => void (now.current = { onChange, run }))

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; what changes later is told to it by the effects below
  useEffect(() => {
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: value,
        selection: { anchor: value.length },
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          // No indentation by Tab: who works by keyboard must get out again.
          keymap.of([
            { key: 'Mod-Enter', run: () => (now.current.run(), true) },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...defaultKeymap,
            ...historyKeymap,
          ]),
          parts.current.sql.of(language(tables)),
          parts.current.about.of([]),
          EditorView.contentAttributes.of({ 'aria-label': 'Definition' }),
          EditorView.lineWrapping,
          syntaxHighlighting(colours),
          look,
          EditorView.updateListener.of((update) => update.docChanged && now.current.onChange(update.state.doc.toString())),
        ],
      }),
    })
    view.current = made
    return () => made.destroy()
  }, [])
  useEffect(() => {
    const editor = view.current!
    const doc = editor.state.doc.toString()
    if (doc !== value) editor.dispatch({ changes: { from: 0, to: doc.length, insert: value } })
  }, [value])
  useEffect(() => view.current!.dispatch({ effects: parts.current.sql.reconfigure(language(tables)) }), [tables])
  useEffect(() => {
    const attributes = { 'aria-invalid': String(describedBy !== undefined), ...(describedBy ? { 'aria-describedby': describedBy } : {}) }
    view.current!.dispatch({ effects: parts.current.about.reconfigure(EditorView.contentAttributes.of(attributes)) })
  }, [describedBy])
  useEffect(() => {
    const { state } = view.current!
    const from = mark ? Math.min(mark.at, state.doc.length) : 0
    // The whole word, or one character where there is none; at the end, the last one.
    const word = mark ? state.wordAt(from) : null
    const to = word && word.to > from ? word.to : Math.min(from + 1, state.doc.length)
    const start = from === to ? Math.max(0, from - 1) : from
    view.current!.dispatch(setDiagnostics(state, mark ? [{ from: start, to, severity: 'error', message: mark.message }] : []))
  }, [mark])
  return <div ref={place} className="tm-sql-editor" />
}
