// navigate() that takes addresses made at run time.
import { useNavigate } from '@tanstack/react-router'
import type { Go } from './app-link.tsx'

export const useGo = useNavigate as unknown as () => Go
