import { LINUX } from "../installed-paths.ts";
import { shellInstallCommand } from "../releases/install-command.ts";
import { arrival } from "./after.ts";
import { beforeYouStart, LINUX_SPACE, LINUX_SYSTEMS } from "./before.ts";
import { collectedFacts, onTheMachine } from "./collected.ts";
import { type Blocks, code, type DeployFacts, list, paragraph, step } from "./guide.ts";
import { askingFor, indent } from "./sensor-command.ts";
import { troubleshooting } from "./troubleshooting.ts";

const WHERE = "on the control node, in the folder of your inventory";
const SENSOR = LINUX.command!;
const PROMPT = "Enrollment token (it is not shown)";
const RUN =
  "ANSIBLE_PIPELINING=true ansible-playbook --ask-vault-pass --inventory hosts attacklens-sensor.yml";
/** Its option `--prompt` does not work without a further argument. */
const VAULT =
  "ansible-vault encrypt_string --ask-vault-pass --stdin-name attacklens_token > group_vars/all/attacklens.yml";

export function ansible(facts: DeployFacts): Blocks {
  return {
    before: beforeYouStart(facts, {
      systems: [...LINUX_SYSTEMS, LINUX_SPACE],
      rights:
        "An account on the hosts that can become root (`become`). If that needs a password, add `--ask-become-pass` to each `ansible` and `ansible-playbook` command.",
      also: [
        "ansible-core 2.12 or later on the control node, and Python on the hosts. The playbook needs no collection.",
        "`curl`, `wget` or apt on the hosts.",
      ],
    }),
    token: [
      paragraph(
        "Ansible Vault keeps the token encrypted in your inventory. The playbook passes it on standard input and hides it from the output (`no_log`). With `ANSIBLE_PIPELINING`, Ansible sends its modules through the connection and writes none of them to the disk of the host.",
      ),
      code({
        id: "vault",
        title: "Store the token: paste it at the prompt",
        language: "sh",
        where: WHERE,
        text: `mkdir -p group_vars/all\n${askingFor(PROMPT, "posix", VAULT)}`,
      }),
      paragraph(
        "If your token is in another vault, replace the variable with a lookup, e.g. `attacklens_token: \"{{ lookup('community.hashi_vault.vault_kv2_get', 'attacklens').secret.token }}\"`.",
      ),
    ],
    install: [
      step(
        "Write the playbook",
        code({
          id: "playbook",
          title: "The playbook",
          language: "yaml",
          where: WHERE,
          file: "attacklens-sensor.yml",
          text: playbook(facts),
        }),
      ),
      step(
        "Try it on one host, and then run it on all",
        // Two texts: a program that asks for a password discards what was pasted after its own line.
        code({
          id: "try",
          title: "Run the playbook on one host",
          language: "sh",
          where: WHERE,
          text: `${RUN} --limit web-01`,
          replace: [
            { text: "hosts", by: "your inventory" },
            { text: "web-01", by: "one host of your inventory" },
          ],
        }),
        code({
          id: "install",
          title: "Run it on all hosts",
          language: "sh",
          where: WHERE,
          text: RUN,
          replace: [{ text: "hosts", by: "your inventory" }],
        }),
        paragraph(
          "You can repeat the playbook at any time. It skips hosts with a running sensor, and continues interrupted installations. Neither uses the token again.",
        ),
        arrival(),
      ),
    ],
    verify: [
      code({
        id: "verify",
        title: "Show the state of each host",
        language: "sh",
        where: WHERE,
        text: `ansible all --inventory hosts --become --module-name ansible.builtin.command --args "${SENSOR} status"`,
        replace: [{ text: "hosts", by: "your inventory" }],
      }),
      list(
        "Each host shows `State connected`. A host that fails shows its state and the next step.",
        "In the console, the page of the token shows each host that tried to enroll. With **Rollout**, you upload the list of your hosts, and the console shows which are missing.",
      ),
    ],
    upgrade: [
      paragraph(
        "The sensor updates itself when the server offers a newer release. **Sensors > Updates** decides which hosts update when. To upgrade all hosts now, run the playbook with a variable:",
      ),
      code({
        id: "upgrade",
        title: "Upgrade now",
        language: "sh",
        where: WHERE,
        text: `${RUN} --extra-vars attacklens_upgrade=true`,
        replace: [{ text: "hosts", by: "your inventory" }],
      }),
      paragraph("Hosts keep their keys, and the token's count does not change."),
    ],
    uninstall: [
      code({
        id: "remove-playbook",
        title: "The playbook that removes the sensor",
        language: "yaml",
        where: WHERE,
        file: "attacklens-sensor-remove.yml",
        text: REMOVAL,
      }),
      code({
        id: "uninstall",
        title: "Remove the sensor from all hosts",
        language: "sh",
        where: WHERE,
        text: "ansible-playbook --inventory hosts attacklens-sensor-remove.yml",
        replace: [{ text: "hosts", by: "your inventory" }],
      }),
      paragraph(
        "On each host, it stops the service, unenrolls the sensor, and removes every file that the installation made. Delete `group_vars/all/attacklens.yml`, and revoke the token.",
      ),
    ],
    machine: [
      ...onTheMachine("systemd", facts.server),
      paragraph("Ansible leaves nothing else on the host."),
    ],
    collected: collectedFacts(),
    troubleshooting: troubleshooting({
      script: "shell",
      service: "linux",
      tool: {
        name: "Messages of Ansible",
        rows: [
          [
            "`Attempting to decrypt but no vault secrets found`",
            "The playbook was started without the password of the vault.",
            "Add `--ask-vault-pass`.",
          ],
          [
            "`'attacklens_token' is undefined`",
            "The file with the encrypted token is not in `group_vars/all` beside the inventory or the playbook.",
            "Store the token as above.",
          ],
          [
            "`Missing sudo password` or `Incorrect sudo password`",
            "The account on the host needs a password for sudo.",
            "Add `--ask-become-pass`.",
          ],
          [
            "The task **Report why the installation failed** fails",
            "The sensor was not installed. The task shows its message.",
            "Find the message in the tables below.",
          ],
        ],
      },
    }),
  };
}

function playbook(facts: DeployFacts): string {
  const script = shellInstallCommand(facts, { options: "--token - --wait 300", asRoot: true });
  return `- name: Install the AttackLens sensor
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Look for a sensor that runs
      ansible.builtin.command: ${SENSOR} service status
      register: attacklens_service
      changed_when: false
      failed_when: false
      check_mode: false

    - name: Install, enroll and start the sensor
      ansible.builtin.shell:
        cmd: |
${indent(script, 10)}
        stdin: "{{ attacklens_token }}"
      no_log: true
      register: attacklens_install
      changed_when: true
      failed_when: false
      when: attacklens_service.rc != 0 or attacklens_upgrade | default(false) | bool

    - name: Report why the installation failed
      ansible.builtin.fail:
        msg: "{{ attacklens_install.stdout | default('') }}{{ attacklens_install.stderr | default(attacklens_install.msg) }}"
      when: attacklens_install.rc | default(0) != 0
`;
}

const REMOVAL = `- name: Remove the AttackLens sensor
  hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Unenroll and remove the sensor
      ansible.builtin.command:
        cmd: ${SENSOR} uninstall
        removes: ${SENSOR}
`;
