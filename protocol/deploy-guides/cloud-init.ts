// The guides for cloud-init and Terraform: user data without a token, and a secret store that has it.
import { shellInstallCommand } from "../releases/install-command.ts";
import { arrival, uninstallOnHost, upgradeByScript, verifyOnHost } from "./after.ts";
import { beforeYouStart, LINUX_SPACE, LINUX_SYSTEMS } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import {
  type Block,
  type Blocks,
  type CodeBlock,
  code,
  type DeployFacts,
  paragraph,
  step,
  table,
} from "./guide.ts";
import { askingFor, indent } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

/** The name of the secret in the store. */
export const SECRET_NAME = "attacklens-token";
const USER_DATA = "attacklens.yaml";
const PROMPT = "Enrollment token (it is not shown)";
const WORKSTATION = "on your workstation";

/** Prints the token on an instance that may read the secret. */
const READ_SECRET = `aws secretsmanager get-secret-value --secret-id ${SECRET_NAME} --query SecretString --output text`;

const STORES: [cloud: string, command: string, right: string][] = [
  ["AWS Secrets Manager", READ_SECRET, "`secretsmanager:GetSecretValue` in the role of the instance profile"],
  [
    "Google Secret Manager",
    `gcloud secrets versions access latest --secret=${SECRET_NAME}`,
    "role Secret Manager Secret Accessor for the service account of the instance",
  ],
  [
    "Azure Key Vault",
    `az login --identity --output none && az keyvault secret show --vault-name VAULT --name ${SECRET_NAME} --query value --output tsv`,
    "role Key Vault Secrets User for the managed identity",
  ],
  [
    "HashiCorp Vault",
    `vault kv get -field=token secret/${SECRET_NAME}`,
    "a policy that reads this path, and Vault Agent or an auth method for the instance",
  ],
];

const TOKEN: Block[] = [
  paragraph(
    "Do not put the token in user data. Every process on the instance can read it from the metadata service, and so can everyone who has permission to describe the instance. Store the token in a secret store instead. The instance reads it with its own identity. The token passes through a pipe to the sensor. It never appears in an argument, a log or a file.",
  ),
];

const NO_STORE = paragraph(
  "Without a secret store, do not put the token into user data. Use a [golden image](packer.md) with a token for this image only, or install the sensor after the first boot with [Ansible](ansible.md).",
);

const SHORT_LIVED = paragraph(
  "Instances of auto-scaling groups and spot instances come and go. Use a token with **Ephemeral** for them, so that the console does not fill with sensors that are gone.",
);

const SECRET: Omit<CodeBlock, "kind"> = {
  id: "secret",
  title: "Store the token: paste it at the prompt",
  language: "sh",
  where: WORKSTATION,
  text: askingFor(
    PROMPT,
    "posix",
    `aws secretsmanager create-secret --name ${SECRET_NAME} --secret-string file:///dev/stdin`,
  ),
};

export function cloudInit(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: [...LINUX_SYSTEMS, LINUX_SPACE],
      rights: "The right to set user data of instances, and to let them read one secret.",
      also: [
        "An image with cloud-init and with the command line tool of your secret store. Amazon Linux 2023 has `aws`, and Google's images have `gcloud`.",
      ],
    }),
    token: [
      ...TOKEN,
      code(SECRET),
      paragraph("For another store, use its command in the user data:"),
      table(
        ["Store", "Command that prints the token", "Right of the instance"],
        STORES.map(([cloud, command, right]) => [cloud, `\`${command}\``, right]),
      ),
      NO_STORE,
    ],
    install: [
      step(
        "Give this user data to the instance",
        code(userData(facts)),
        paragraph(
          "cloud-init runs it once, at the end of the first boot. `--wait 600` lets many instances start at once: a busy server asks them to try again later.",
        ),
      ),
      step("Start the instance", arrival("a minute or two after the boot"), SHORT_LIVED),
    ],
    verify: [
      code({
        id: "wait",
        title: "Wait until cloud-init has ended",
        language: "sh",
        where: "on the instance",
        text: "cloud-init status --wait",
      }),
      ...verifyOnHost(),
    ],
    upgrade: upgradeByScript(
      "New instances get the release that the server offers when they start. The user data does not change.",
    ),
    uninstall: uninstallOnHost(),
    machine: [
      ...onTheMachine("systemd", facts.server),
      paragraph(
        "cloud-init keeps the user data, which has no token, in `/var/lib/cloud/instance`, and the output of the installation in `/var/log/cloud-init-output.log`.",
      ),
    ],
    collected: collectedFacts(),
    troubleshooting: troubleshooting({ script: "shell", service: "linux", tool: MESSAGES }),
  };
}

const MESSAGES = {
  name: "Messages in `/var/log/cloud-init-output.log`",
  rows: [
    [
      "`Cannot enroll sensor: the token is empty; nothing was sent`",
      "The instance could not read the secret. The message of the store is above.",
      "Give the identity of the instance the right to read the secret, and start a new instance.",
    ],
    [
      "`aws: not found`, `gcloud: not found` or `az: not found`",
      "The image lacks the command line tool of the store.",
      "Use an image that has it, or install it in `packages` of the user data.",
    ],
    [
      "nothing about AttackLens",
      "cloud-init ran this user data before: it runs `runcmd` once for each instance.",
      "Start a new instance, or run `cloud-init clean` and reboot.",
    ],
  ] as [string, string, string][],
};

function userData(facts: DeployFacts): Omit<CodeBlock, "kind"> {
  const script = shellInstallCommand(facts, { options: "--token - --wait 600", asRoot: true });
  return {
    id: "user-data",
    title: "The user data",
    language: "yaml",
    where: "in the settings of the instance or of the launch template",
    file: USER_DATA,
    text: `#cloud-config
runcmd:
  - |
    ${READ_SECRET} |
${indent(script, 4)}
`,
    replace: [{ text: READ_SECRET, by: "the command of your secret store" }],
  };
}

export function terraform(facts: DeployFacts): Blocks {
  const shared = cloudInit(facts);
  return {
    ...shared,
    before: beforeYouStart(facts, {
      systems: [...LINUX_SYSTEMS, LINUX_SPACE],
      rights: "Rights in AWS to make roles, launch templates and instances.",
      also: [
        "Terraform 1.3 or later, or OpenTofu, with the provider `hashicorp/aws`. The text is for AWS. For another cloud, give the user data of the [cloud-init guide](cloud-init.md) to its instances.",
        "An image with cloud-init and `aws`, such as Amazon Linux.",
      ],
    }),
    token: [
      ...TOKEN,
      code(SECRET),
      paragraph(
        "Terraform reads the name of the secret and never its value, so the token is in no plan and in no state.",
      ),
      NO_STORE,
    ],
    install: [
      step("Write the user data beside your configuration", code(userData(facts))),
      step(
        "Give the instances the right to read the secret",
        code({
          id: "terraform",
          title: "The role and the launch template",
          language: "hcl",
          where: "beside the user data",
          file: "attacklens.tf",
          text: TERRAFORM,
          replace: [{ text: "al2023-ami-*-x86_64", by: "the name of your image" }],
        }),
        paragraph(
          "Use the launch template in your `aws_autoscaling_group` or `aws_instance`. If you have a launch template, take its three last arguments.",
        ),
      ),
      step(
        "Apply it",
        code({
          id: "install",
          title: "Make the resources",
          language: "sh",
          where: "in the folder of the configuration",
          text: "terraform init\nterraform apply",
        }),
        arrival("a minute or two after the boot"),
        SHORT_LIVED,
      ),
    ],
  };
}

const TERRAFORM = `data "aws_secretsmanager_secret" "attacklens_token" {
  name = "${SECRET_NAME}"
}

data "aws_ami" "host" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-*-x86_64"]
  }
}

resource "aws_iam_role" "attacklens" {
  name_prefix = "attacklens-"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "attacklens" {
  name = "read-attacklens-token"
  role = aws_iam_role.attacklens.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = data.aws_secretsmanager_secret.attacklens_token.arn
    }]
  })
}

resource "aws_iam_instance_profile" "attacklens" {
  name_prefix = "attacklens-"
  role        = aws_iam_role.attacklens.name
}

resource "aws_launch_template" "attacklens" {
  name_prefix   = "attacklens-"
  image_id      = data.aws_ami.host.id
  instance_type = "t3.small"
  user_data     = filebase64("\${path.module}/${USER_DATA}")

  iam_instance_profile {
    arn = aws_iam_instance_profile.attacklens.arn
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
}
`;
