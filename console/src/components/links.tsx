// Router links that look like Mantine's. The router marks a link to a parent of the page as the current page
// too, so these drop the mark. The navigation has its own.
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Native<Props> = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & {
  ref?: Ref<HTMLAnchorElement>;
};

export const TextLink = createLink(function TextAnchor({
  "aria-current": _,
  ...props
}: AnchorProps & Native<AnchorProps>) {
  return <Anchor inherit {...props} />;
});

export const ButtonLink = createLink(function ButtonAnchor({
  "aria-current": _,
  ...props
}: ButtonProps & Native<ButtonProps>) {
  return <Button component="a" {...props} />;
});
