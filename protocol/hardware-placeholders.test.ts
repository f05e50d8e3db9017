import { expect, test } from "bun:test";
import fc from "fast-check";
import { isPlaceholderId, isPlaceholderText } from "./hardware-placeholders.ts";

const wrong = (kind: Parameters<typeof isPlaceholderId>[0], values: string[], expected: boolean) =>
  values.filter((value) => isPlaceholderId(kind, value) !== expected);

test("defaults of firmware identify no machine, in each spelling and cut", () => {
  expect(
    wrong(
      "serial-number",
      [
        ..."To be filled by O.E.M.|To Be Filled By OEM|TO BE FILLED|to be filled by o.e.m|ToBeFilledByO.E.M.".split(
          "|",
        ),
        ..."Default string|Default|None|N/A|Not Specified|Not Applicable|NotAvailable|Not Settable|Unknown".split(
          "|",
        ),
        ..."System Serial Number|SystemSerialNumb|System Serial|Chassis Serial Number|Base Board Serial Nu".split(
          "|",
        ),
        ..."Serial Number|O.E.M.|OEM|INVALID|Empty|Null|NoSerial|Fill By OEM|System manufacturer".split("|"),
        ..."0|00000000|0000000000000001|XXXXXXX|........|01010101|121212|abcabcabc|-|?".split("|"),
        ..."0123456789|123456789|1234567890|12345678901234567890|0123456789ABCDEF|987654321|SN12345678".split(
          "|",
        ),
        ..."BSN12345678901234567|MB-1234567890|ＤＥＦＡＵＬＴ ＳＴＲＩＮＧ|  ".split("|"),
      ],
      true,
    ),
  ).toEqual([]);
  expect(
    wrong(
      "product-uuid",
      [
        "00000000-0000-0000-0000-000000000000",
        "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "00000000-0000-0000-0000-000000000001",
        "01010101-0101-0101-0101-010101010101",
        "fefefefe-fefe-fefe-fefe-fefefefefefe",
        "03000200-0400-0500-0006-000700080009",
        "00020003-0004-0005-0006-000700080009",
        "03020100-0504-0706-0809-0a0b0c0d0e0f",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "04030201-0605-0807-090a-0b0c0d0e0f10",
        "12345678-1234-5678-90ab-cddeefaabbcc",
        "01234567-89ab-cdef-0123-456789abcdef",
        "01234567-8910-1112-1314-151617181920",
        "11111111-2222-3333-4444-555555555555",
        "12341234-1234-1234-1234-123412341234",
        "Not Settable",
        "Not Present",
      ],
      true,
    ),
  ).toEqual([]);
  expect(
    wrong(
      "mac-address",
      [
        ..."00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00:11:22:33:44:55 01:02:03:04:05:06 12:34:56:78:9a:bc".split(
          " ",
        ),
        ..."00:01:02:03:04:05 aa:aa:aa:aa:aa:aa d0:94:66:00:00:00 02:42:ac:11:00:02 33:33:00:00:00:01".split(
          " ",
        ),
        ..."0a:00:27:00:00:10 00:50:56:c0:00:08 02:00:00:00:00:00 88-88-88-88-87-88".split(" "),
      ],
      true,
    ),
  ).toEqual([]);
  expect(wrong("cloud-instance-id", ["nocloud", "iid-datasource-none", "None"], true)).toEqual([]);
});

test("values of machines identify them", () => {
  const serials =
    "B5R3342|CZ3A1B2C3D|5CD0123ABC|PF2ABCDE|C02XK0AAJGH5|J1234567A|MXQ1230ABC|VMware-56 4d 7c a1 2b 3c 4d 5e-6f 70 81 92 a3 b4 c5 d6|GoogleCloud-0D3E4F5A6B7C|ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8|0000-0011-2233-7845-1296-3320-11|A1B2C3D400123";
  expect(wrong("serial-number", serials.split("|"), false)).toEqual([]);
  const uuids = [
    "4c4c4544-0042-3510-8052-b4c04f333432",
    "564d7ca1-2b3c-4d5e-6f70-8192a3b4c5d6",
    // Some boards have zeros and the address of a network card.
    "00000000-0000-0000-0000-ac1f6b123456",
    "ec2a1b2c-3d4e-5f60-7182-93a4b5c6d7e8",
  ];
  expect(wrong("product-uuid", uuids, false)).toEqual([]);
  expect(
    wrong("mac-address", ["d0:94:66:12:34:56", "52:54:00:12:34:56", "00:16:3e:00:00:01"], false),
  ).toEqual([]);
  expect(wrong("cloud-instance-id", ["i-0abc1234", "i-0123456789abcdef0", "4711081512345"], false)).toEqual(
    [],
  );
  const names =
    "HP|LENOVO|Dell Inc.|ASUS|MSI|IBM|Supermicro|QEMU|Standard PC (Q35 + ICH9, 2009)|Virtual Machine|Super Server|Product X|20XW|System x3650|ProLiant DL380|NUC|Xen|OpenStack Nova";
  expect(names.split("|").filter(isPlaceholderText)).toEqual([]);
});

test("no random UUID is a placeholder, and each repeated one is", () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      expect(isPlaceholderId("product-uuid", uuid)).toBe(false);
      expect(isPlaceholderId("product-uuid", uuid.toUpperCase())).toBe(false);
    }),
  );
  const byte = fc.integer({ min: 0, max: 255 }).map((value) => value.toString(16).padStart(2, "0"));
  fc.assert(
    fc.property(fc.array(byte, { minLength: 1, maxLength: 4 }), (bytes) => {
      const digits = bytes.join("").repeat(16).slice(0, 32);
      expect(isPlaceholderId("product-uuid", digits)).toBe(true);
    }),
  );
});

test("case, blanks and punctuation make no difference", () => {
  const noise = fc.constantFrom(" ", ".", "-", "_", "/", "");
  const phrase = fc.constantFrom(
    "to be filled by oem",
    "system serial number",
    "not specified",
    "default string",
  );
  fc.assert(
    fc.property(
      phrase,
      fc.array(noise, { minLength: 30, maxLength: 30 }),
      fc.boolean(),
      (text, marks, isUpper) => {
        const written = [...text].map((character, at) => `${character}${marks[at % 30]}`).join("");
        expect(isPlaceholderId("serial-number", isUpper ? written.toUpperCase() : written)).toBe(true);
      },
    ),
  );
});
