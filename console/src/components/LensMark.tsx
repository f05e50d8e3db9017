/** The product's mark. Keep favicon.svg the same. */
export function LensMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true">
      <rect width="24" height="24" rx="6" fill="var(--mantine-color-accent-6)" />
      <path
        d="M4.6 12c2-3.6 4.5-5.4 7.4-5.4s5.4 1.8 7.4 5.4c-2 3.6-4.5 5.4-7.4 5.4S6.600 15.600 4.600 12Z"
        stroke="#fff"
        strokeWidth="1.7"
        strokeLinejoin="round"
      />
      <circle cx="12" cy="12" r="2.5" fill="#fff" />
    </svg>
  );
}
