import { ROLE_NAMES } from "@attacklens/protocol/permissions.ts";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { ButtonLink } from "../../components/links.tsx";
import { PageHeader } from "../../components/PageHeader.tsx";
import { paths } from "../../paths.ts";
import { meQuery } from "../../queries.ts";
import { Facts } from "../../ui/Facts.tsx";
import { PageBody } from "../../ui/PageBody.tsx";
import { Section } from "../../ui/Section.tsx";
import { Passkeys } from "./Passkeys.tsx";
import { SecondFactors } from "./SecondFactors.tsx";
import { SessionList } from "./SessionList.tsx";

/** The user's own account. */
export function AccountPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  const facts = [
    {
      label: "Name",
      value: (
        <>
          {me.name}
          <ButtonLink {...paths.accountName()} variant="subtle" size="compact-sm">
            Change name
          </ButtonLink>
        </>
      ),
    },
    { label: "Email", value: me.email },
    { label: "Role", value: ROLE_NAMES[me.role] },
    {
      label: "Password",
      value: (
        <ButtonLink {...paths.accountPassword()} variant="default" size="compact-sm">
          Change password
        </ButtonLink>
      ),
    },
  ];
  return (
    <>
      <PageHeader title="Account" description="Your profile, how you sign in, and where you are signed in." />
      <PageBody>
        <Facts facts={facts} />
        <Section
          title="Second factor"
          text="With a second factor, a stolen password is not sufficient to sign in to your account."
        >
          <SecondFactors />
        </Section>
        <Section
          title="Passkeys"
          text="A passkey signs you in without a password, with the lock of your device. It cannot be phished."
        >
          <Passkeys />
        </Section>
        <Section
          title="Sessions"
          text="Browsers that are signed in to your account. If you do not recognize one, end it and change your password."
        >
          <SessionList />
        </Section>
      </PageBody>
      <Outlet />
    </>
  );
}
