// The parameters of the kernel's command line that say how the host is protected and started. The list is
// closed, because a command line can contain passwords, e.g. of a network disk.

/** Reported with a value that `isPlainValue` accepts. */
const NAMES = new Set([
  ..."apparmor audit audit_backlog_limit enforcing fips lockdown lsm module.sig_enforce security selinux".split(
    " ",
  ),
  ..."ima_appraise ima_hash ima_policy integrity_audit evm".split(" "),
  ..."mitigations spectre_v2 spectre_v2_user spec_store_bypass_disable spectre_bhi spec_rstack_overflow".split(
    " ",
  ),
  ..."retbleed l1tf mds tsx tsx_async_abort mmio_stale_data srbds gather_data_sampling".split(" "),
  ..."reg_file_data_sampling indirect_target_selection kvm.nx_huge_pages kvm-intel.vmentry_l1d_flush".split(
    " ",
  ),
  ..."nospectre_v1 nospectre_v2 nospec_store_bypass_disable nopti pti kpti l1d_flush".split(" "),
  ..."nosmt nosmap nosmep noexec noexec32 nokaslr kaslr vsyscall ia32_emulation".split(" "),
  ..."slab_nomerge slub_debug slab_debug page_poison init_on_alloc init_on_free page_alloc.shuffle".split(
    " ",
  ),
  ..."randomize_kstack_offset hardened_usercopy cfi debugfs oops panic".split(" "),
  ..."iommu intel_iommu amd_iommu iommu.strict iommu.passthrough efi random.trust_cpu".split(" "),
  ..."random.trust_bootloader ipv6.disable ipv6.disable_ipv6 usbcore.authorized_default nousb".split(" "),
  ..."nomodule nomodules module_blacklist modprobe.blacklist rd.driver.blacklist".split(" "),
  ..."crashkernel kexec_load_disabled mce nmi_watchdog hugepages hugepagesz default_hugepagesz".split(" "),
  ..."systemd.unified_cgroup_hierarchy systemd.unit systemd.debug_shell systemd.debug-shell".split(" "),
  ..."cgroup_no_v1 cgroup_disable cgroup_enable swapaccount nohz isolcpus".split(" "),
  ..."quiet splash ro rw single emergency rescue nomodeset verbose debug ostree-booted".split(" "),
]);

/** Words that the kernel's documentation lists as values of these parameters, or in lists of them. */
const WORDS = new Set(
  [
    "on off auto force full yes no true false none strict pt nopt nosmt ibpb flush nowarn retpoline",
    "generic lfence amd eibrs ibrs unret stuff safe-ret microcode ibpb-vmexit prctl seccomp",
    "integrity confidentiality emulate xonly relaxed soft copy lazy fullflush enable disable debug",
    "log fix enforce sha1 sha256 sha384 sha512 tcb secure_boot appraise_tcb critical_data",
    "fail_securely selinux apparmor smack tomoyo landlock lockdown yama safesetid bpf capability",
    "loadpin ipe ima evm memory cpuset all cpu pids panic nopanic no-mount disable_early_pci_dma",
    "runtime noruntime kcfi fineibt vmexit notify warn nmi no_user_kernel no_user_user no_guest_host",
    "no_guest_guest no_cross_thread rescue.target emergency.target multi-user.target",
    "graphical.target sm_off igfx_off P Z F ZF FZ PZ FZP",
  ].flatMap((words) => words.split(" ")),
);
/** Lists of kernel modules. */
const LISTS = new Set(["module_blacklist", "modprobe.blacklist", "rd.driver.blacklist"]);
const MODULES = /^[a-z][a-z0-9_-]{1,31}(?:,[a-z][a-z0-9_-]{1,31}){0,30}$/;
/** `512M`, `1G-4G:192M`, `256M@16M`, as in crashkernel=. */
const SIZE = /^\d{1,12}[KMG]?(?:-(?:\d{1,12}[KMG]?)?)?(?::\d{1,12}[KMG]?)?(?:@\d{1,12}[KMG]?)?$/;
const MAX_LENGTH = 100;

/** In their order. A listed parameter with another value is reported without the value. */
export function kernelParameters(commandLine: string): string[] {
  const parameters: string[] = [];
  for (const word of wordsOf(commandLine)) {
    if (word === "--") break;
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    // The kernel takes `-` and `_` for the same.
    if (!NAMES.has(name) && !NAMES.has(name.replaceAll("-", "_"))) continue;
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    parameters.push(value === undefined || !isPlainValue(name, value) ? name : word);
  }
  return parameters;
}

function isPlainValue(name: string, value: string): boolean {
  if (value.length > MAX_LENGTH - name.length - 1) return false;
  if (LISTS.has(name)) return MODULES.test(value);
  return value.split(/[,;]/).every((part) => WORDS.has(part) || SIZE.test(part));
}

/** Words end at a blank, except inside double quotes. */
function* wordsOf(text: string): Generator<string> {
  let word = "";
  let isQuoted = false;
  for (const character of `${text} `) {
    if (character === '"') isQuoted = !isQuoted;
    else if (/\s/.test(character) && !isQuoted) {
      if (word !== "") yield word;
      word = "";
    } else word += character;
  }
}
