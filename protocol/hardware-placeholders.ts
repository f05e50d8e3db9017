// Values of firmware that identify no machine: the manufacturer has not set them, or ships many machines with
// the same one. Sensors do not report them, and the server does not compare them. The rules are for kinds of
// values, because each manufacturer spells them differently, and some firmware cuts them.

export const HARDWARE_KINDS = ["product-uuid", "serial-number", "cloud-instance-id", "mac-address"] as const;
export type HardwareKind = (typeof HARDWARE_KINDS)[number];

/** Whether a text, e.g. a vendor or a model, is a default of the firmware. Empty texts are. */
export function isPlaceholderText(text: string): boolean {
  const plain = plainOf(text);
  return (
    plain === "" ||
    WORDS.has(plain) ||
    isCutPhrase(plain) ||
    PARTLY.some((part) => plain.includes(part)) ||
    isOneCharacter(plain) ||
    isSequence(plain, 4) ||
    // SN-12345678
    isSequence(plain.replace(/^[a-z]{1,4}(?=\d)/, ""), 6)
  );
}

/** Whether a value of this kind identifies no machine. */
export function isPlaceholderId(kind: HardwareKind, value: string): boolean {
  if (kind === "mac-address") return isPlaceholderMac(value);
  const plain = plainOf(value);
  if (kind === "cloud-instance-id")
    return (
      NO_INSTANCE.test(value.trim()) ||
      WORDS.has(plain) ||
      isRepeated(plain, 1) ||
      plain.length < MIN_ID_LENGTH
    );
  if (plain.length < MIN_ID_LENGTH || isPlaceholderText(value)) return true;
  if (/^[0-9a-f]{32}$/.test(plain)) return isPlaceholderUuid(plain);
  return isRepeated(plain, 4) || /^0{5,}.{0,2}$/.test(plain);
}

/** A shorter value is no serial number. */
const MIN_ID_LENGTH = 4;

/** Letters and digits in lower case: `To Be Filled By O.E.M.` → `tobefilledbyoem`. */
function plainOf(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

const WORDS = new Set(
  [
    "na nil null none nothing unknown undefined unset unavailable invalid empty blank default standard generic",
    "oem tba tbd todo test sample example dummy string name value number no not absent missing nosn noserial",
    "noneset serial serialno serno sernum sn model version vendor manufacturer product asset assettag noassettag",
    "noasset sku system chassis board baseboard bios uuid eval nocloud uninitialized",
  ].flatMap((words) => words.split(" ")),
);

const PARTS = [
  "",
  "system",
  "chassis",
  "baseboard",
  "board",
  "mb",
  "base",
  "product",
  "enclosure",
  "processor",
];
const FIELDS = [
  "serialnumber",
  "serial",
  "productname",
  "manufacturer",
  "modelname",
  "modelnumber",
  "skunumber",
];
const PHRASES = [
  ...PARTS.flatMap((part) =>
    [...FIELDS, "version", "assettag", "sku", "name", "family"].map((field) => part + field),
  ),
  ...["tobefilledbyoem", "tobesetbyoem", "filledbyoem", "fillbyoem", "oemserialnumber", "oemdefinestring"],
  ...[
    "defaultstring",
    "defaultvalue",
    "noassettag",
    "noassetinformation",
    "noserialnumber",
    "oemproductname",
  ],
  ...["notspecified", "notapplicable", "notavailable", "notpresent", "notset", "notsettable", "notdefined"],
  ...[
    "notprovided",
    "nonespecified",
    "unspecified",
    "notassigned",
    "unassigned",
    "undefinedvalue",
    "nullvalue",
  ],
  ...["invalidserial", "emptystring", "defaultserialnumber", "yourserialnumber", "inputserialnumberhere"],
];
/** The start of a phrase that no name of a product has. */
const MIN_CUT_LENGTH = 8;
const PHRASE_STARTS = new Set(
  PHRASES.flatMap((phrase) =>
    Array.from({ length: Math.max(1, phrase.length - MIN_CUT_LENGTH + 1) }, (_, cut) =>
      phrase.slice(0, phrase.length - cut),
    ),
  ),
);
/** A text with one of these is no value, whatever else it says. */
const PARTLY = ["tobefilled", "tobesetby", "filledbyo", "fillbyo", "filledbymanufacturer", "defaultstring"];

function isCutPhrase(plain: string): boolean {
  return PHRASE_STARTS.has(plain);
}

/** `00000000`, `XXXXXXX`. */
function isOneCharacter(plain: string): boolean {
  return plain.length >= 3 && isRepeated(plain, 1);
}

const SEQUENCES = [
  "0123456789",
  "1234567890",
  "0123456789abcdef",
  "123456789abcdef0",
  "abcdefghijklmnopqrstuvwxyz",
]
  .flatMap((once) => [once, [...once].reverse().join("")])
  .map((once) => once.repeat(8));

/** `12345678`, `0123456789ABCDEF`, `987654321`. */
function isSequence(plain: string, minLength: number): boolean {
  return plain.length >= minLength && SEQUENCES.some((sequence) => sequence.includes(plain));
}

/** Whether the text consists of at most `length` characters that are repeated: `01010101`, `abcabc`. */
function isRepeated(plain: string, length: number): boolean {
  for (let unit = 1; unit <= length && unit * 2 <= plain.length; unit += 1) {
    if (unit > 1 && plain.length < 6) return false;
    if (
      plain ===
      plain
        .slice(0, unit)
        .repeat(Math.ceil(plain.length / unit))
        .slice(0, plain.length)
    )
      return true;
  }
  return false;
}

/** Of several manufacturers, on many machines each, as 32 hexadecimal digits. */
const KNOWN_UUIDS = new Set([
  // AMI, in both byte orders.
  "03000200040005000006000700080009",
  "00020003000400050006000700080009",
  "123456781234567890abcddeefaabbcc",
  "01234567891011121314151617181920",
  "12345678123412341234123456789abc",
  "12345678123412341234123456789012",
  // Of a Dell without a service tag: its characters are zeros or blanks.
  "4c4c454400002010802080c04f202020",
  "4c4c4544002020108020a0c04f202020",
  "4c4c4544002020108020802020202020",
]);

function isPlaceholderUuid(digits: string): boolean {
  const groups = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)];
  groups.push(digits.slice(20));
  const nonZero = digits.replaceAll("0", "").length;
  return (
    KNOWN_UUIDS.has(digits) ||
    isRepeated(digits, 8) ||
    isSequence(digits, 32) ||
    new Set(digits).size <= 3 ||
    nonZero <= 4 ||
    // 11111111-2222-3333-4444-555555555555
    groups.every((group) => new Set(group).size === 1) ||
    isCounting(digits)
  );
}

/** Whether the bytes that are not zero count up, in any order of the bytes: 03020100-0504-0706-0809-…. */
function isCounting(digits: string): boolean {
  const bytes = (digits.match(/../g) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .filter((byte) => byte > 0);
  bytes.sort((left, right) => left - right);
  return bytes.every((byte, at) => at === 0 || byte === bytes[at - 1]! + 1);
}

/** Starts of addresses of many hosts: of Docker, and of the host adapters of VirtualBox and VMware. */
const SHARED_MACS = ["0242", "0a0027", "005056c0"];
const KNOWN_MACS = new Set([
  // Adapters of the VPN programs of Cisco and Juniper.
  ...["00059a3c7800", "00059a3c7a00", "0205857feb80"],
  ...["888888888788", "00deadbeef00", "deadbeef0000", "deadbeefcafe"],
]);

function isPlaceholderMac(value: string): boolean {
  const digits = value.toLowerCase().replace(/[^0-9a-f]/g, "");
  const bytes = (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  if (bytes.length < 6 || KNOWN_MACS.has(digits)) return true;
  // A group address belongs to no card.
  if (bytes.length === 6 && (bytes[0]! & 1) !== 0) return true;
  if (SHARED_MACS.some((start) => digits.startsWith(start))) return true;
  const step = (bytes[1]! - bytes[0]! + 256) % 256;
  const isCountedUp = bytes.every((byte, at) => at === 0 || (byte - bytes[at - 1]! + 256) % 256 === step);
  // A card whose maker has set only its own half.
  return isCountedUp || isSequence(digits, 12) || /0{6}$/.test(digits) || new Set(digits).size <= 2;
}

/** Values that cloud-init writes if no cloud provides an id. */
const NO_INSTANCE = /^(?:iid-datasource-none|nocloud|i-?none|iid-dsnone.*|none)$/i;
