// The look: one accent (the tide's teal), cool neutrals, AA contrast for every text colour in both schemes.
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const tide: MantineColorsTuple = [
  '#e6f7f9',
  '#cdeef2',
  '#9fdfe7',
  '#6dcdd9',
  '#3fb9c8',
  '#1ba3b6',
  '#0d8a9c',
  '#0b7285',
  '#095c6b',
  '#074753',
]
const dark: MantineColorsTuple = [
  '#e4e8eb',
  '#bcc4cb',
  '#9ba6af',
  '#78838d',
  '#3a434b',
  '#2c343b',
  '#20262c',
  '#15191d',
  '#101316',
  '#0b0d0f',
]

export const theme = createTheme({
  primaryColor: 'tide',
  primaryShade: { light: 7, dark: 7 },
  colors: { tide, dark },
  defaultRadius: 'md',
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'JetBrains Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.875rem' } } },
  respectReducedMotion: true,
  focusRing: 'auto',
  cursorType: 'pointer',
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 28 } },
    CloseButton: { defaultProps: { 'aria-label': 'Close' } },
    TextInput: { defaultProps: { size: 'sm' } },
    NumberInput: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', allowDeselect: false, comboboxProps: { shadow: 'md' } } },
    // Its placeholder for the first focus is a child that role=menu does not allow.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false, shadow: 'md', transitionProps: { duration: 80 } } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.35 }, transitionProps: { duration: 120 } } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true, transitionProps: { duration: 80 } } },
  },
})

/** Mantine's own dimmed text is 3.3:1 on white; ours is 5.6:1 and 6.6:1. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#1b2126',
    '--mantine-color-dimmed': '#57626c',
    '--mantine-color-placeholder': '#6a757f',
    '--mantine-color-anchor': '#0b7285',
    '--mantine-color-error': '#c22b2b',
    '--mantine-color-default-border': '#d5dbe0',
    '--mantine-color-tide-light-hover': '#e2f4f6', // of subtle buttons; the palette's own is louder than the primary button
  },
  dark: {
    '--mantine-color-text': '#e4e8eb',
    '--mantine-color-body': '#15191d',
    '--mantine-color-dimmed': '#9ba6af',
    '--mantine-color-placeholder': '#8b96a0',
    '--mantine-color-anchor': '#6dcdd9',
    '--mantine-color-error': '#ff8f8f',
    '--mantine-color-default-border': '#323b43',
    '--mantine-color-tide-light-hover': '#12333a',
  },
})
