// What protects the start of the host: Secure Boot, the kernel's lockdown, and the TPM.
import type { HostFiles } from "../host-files.ts";
import { type SecuritySetting, setting } from "./setting.ts";

const SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const SETUP_MODE = "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const TPM = "/sys/class/tpm";
const LOCKDOWN = "/sys/kernel/security/lockdown";

export function readBootSettings(files: HostFiles): SecuritySetting[] {
  return [...secureBoot(files), ...lockdown(files), ...tpm(files)];
}

/** A variable has four bytes of attributes, then 1 or 0 (UEFI 2.10, section 3.3). */
function secureBoot(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/sys/firmware/efi")) return [];
  return [
    { name: "Secure Boot", path: SECURE_BOOT },
    { name: "Secure Boot setup mode", path: SETUP_MODE },
  ].flatMap(({ name, path }) => {
    const variable = files.findBytes(path, 16);
    const flag = variable?.[4];
    return flag === undefined ? [] : setting("boot", name, flag === 1 ? "enabled" : "disabled", path);
  });
}

function lockdown(files: HostFiles): SecuritySetting[] {
  const mode = /\[(\w+)\]/.exec(files.findLine(LOCKDOWN) ?? "")?.[1];
  return mode === undefined ? [] : [setting("boot", "lockdown", mode, LOCKDOWN)];
}

/** Kernels before 5.6 have no file of the version. Only a TPM 1.2 has capabilities in this file. */
function tpm(files: HostFiles): SecuritySetting[] {
  return files.list(TPM).flatMap((name) => {
    const major = files.findLine(`${TPM}/${name}/tpm_version_major`);
    const isOld = major === "1" || files.exists(`${TPM}/${name}/device/caps`);
    const version = major === "2" ? "2.0" : isOld ? "1.2" : undefined;
    return version === undefined
      ? []
      : setting("boot", "TPM version", version, `${TPM}/${name}`, `tpm/${name}`);
  });
}
