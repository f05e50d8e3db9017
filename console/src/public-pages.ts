// The pages for users who are not signed in. A browser loads them together.
export { OneTimeLinkPage } from "./pages/account/OneTimeLinkPage.tsx";
export { SetupPage } from "./pages/account/SetupPage.tsx";
export { SignInPage } from "./pages/account/SignInPage.tsx";
