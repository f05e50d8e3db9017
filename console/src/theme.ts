// One accent, grays with a slight blue, hairlines instead of shadows, 14 px, radius 6, motion under 150 ms.
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef0fd",
  "#dfe3fb",
  "#bcc5f6",
  "#98a5f2",
  "#7a8aec",
  "#4d5fdb",
  "#3a4fd0",
  "#3143b8",
  "#29389b",
  "#212d7d",
];
const gray: MantineColorsTuple = [
  "#f7f8fa",
  "#f0f2f5",
  "#e5e8ed",
  "#d5d9e1",
  "#b9c0cc",
  "#8d96a5",
  "#667085",
  "#4c5567",
  "#2f3747",
  "#1a202c",
];
const dark: MantineColorsTuple = [
  "#e4e8ef",
  "#c3cad5",
  "#9aa4b4",
  "#6b7688",
  "#303846",
  "#232a36",
  "#1a202a",
  "#11151c",
  "#0c0f15",
  "#080a0e",
];

const danger: MantineColorsTuple = [
  "#fff1f2",
  "#ffe1e5",
  "#fbc2ca",
  "#f58d9b",
  "#ee6479",
  "#cf2f49",
  "#c02440",
  "#a31b34",
  "#88172c",
  "#6d1224",
];

const dialog = { transitionProps: { duration: 100 }, lockScroll: false };

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent, gray, dark, danger },
  black: "#1a202c",
  fontFamily:
    '"Inter Variable", "Inter Fallback", ui-sans-serif, system-ui, "Segoe UI", Roboto, Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "3px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  defaultRadius: "md",
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "28px" },
      h2: { fontSize: "15px", lineHeight: "22px" },
      h3: { fontSize: "14px", lineHeight: "20px" },
    },
  },
  respectReducedMotion: true,
  cursorType: "pointer",
  components: {
    Modal: {
      defaultProps: {
        ...dialog,
        centered: true,
        shadow: "lg",
        padding: 24,
        radius: "lg",
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    Menu: {
      defaultProps: {
        transitionProps: { duration: 80 },
        shadow: "md",
        position: "bottom-end",
        withInitialFocusPlaceholder: false,
      },
    },
    Tooltip: {
      defaultProps: {
        transitionProps: { duration: 80 },
        openDelay: 250,
        withArrow: false,
        multiline: true,
        maw: 320,
        events: { hover: true, focus: true, touch: true },
      },
    },
    Select: { defaultProps: { comboboxProps: { transitionProps: { duration: 80 }, shadow: "md" } } },
    Popover: { defaultProps: { transitionProps: { duration: 80 } } },
    Radio: { defaultProps: { size: "xs" } },
    Checkbox: { defaultProps: { size: "xs" } },
    Notification: { defaultProps: { withBorder: true } },
    Anchor: { defaultProps: { underline: "hover" } },
  },
});

/** Colors of both schemes: dimmed text, lines, surfaces and statuses. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#586174",
    "--mantine-color-placeholder": "#667085",
    "--mantine-color-default-border": "#d5d9e1",
    "--mantine-color-error": "#c02440",
    "--mantine-color-anchor": "#3143b8",
    "--line": "#e5e8ed",
    "--surface": "#ffffff",
    "--surface-dialog": "#ffffff",
    "--surface-side": "#f7f8fa",
    "--surface-hover": "#f5f6f9",
    "--surface-active": "#e9ecf5",
    "--surface-code": "#f5f6f9",
    "--text-strong": "#10151f",
    "--status-green": "#158a48",
    "--status-yellow": "#be8600",
    "--status-red": "#cf2f49",
    "--status-gray": "#7b8595",
    "--warning-bg": "#fff8e6",
    "--warning-line": "#efd9a0",
    "--warning-text": "#6b4a00",
    "--danger-bg": "#fff1f2",
    "--danger-line": "#f5c6cd",
    "--danger-text": "#9f1d34",
  },
  dark: {
    "--mantine-color-dimmed": "#9aa4b4",
    "--mantine-color-placeholder": "#8590a1",
    "--mantine-color-default": "#171c25",
    "--mantine-color-default-hover": "#1e2430",
    "--mantine-color-default-border": "#353e4d",
    "--mantine-color-error": "#ff8a9a",
    "--mantine-color-anchor": "#9aa9ff",
    "--line": "#242b37",
    "--surface": "#11151c",
    "--surface-dialog": "#171c25",
    "--surface-side": "#0c0f15",
    "--surface-hover": "#171c25",
    "--surface-active": "#1f2636",
    "--surface-code": "#0c0f15",
    "--text-strong": "#f3f5f9",
    "--status-green": "#3ec77b",
    "--status-yellow": "#e3b341",
    "--status-red": "#f0647a",
    "--status-gray": "#8590a1",
    "--warning-bg": "#241d0c",
    "--warning-line": "#4a3c17",
    "--warning-text": "#f0d28a",
    "--danger-bg": "#2a1218",
    "--danger-line": "#57222f",
    "--danger-text": "#ffb3bf",
  },
});
