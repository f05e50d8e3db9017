// Router links that look like Mantine's.
import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Native<Props> = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & {
  ref?: Ref<HTMLAnchorElement>;
};

export const TextLink = createLink(function TextAnchor(props: AnchorProps & Native<AnchorProps>) {
  return <Anchor inherit {...props} />;
});

export const ButtonLink = createLink(function ButtonAnchor(props: ButtonProps & Native<ButtonProps>) {
  return <Button component="a" {...props} />;
});
