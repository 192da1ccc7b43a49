// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension DataKind {
    /// The kind of data that begins with these bytes; nil if they show nothing.
    init?(_ head: HeadBytes) {
        // A signature at the first byte counts before a signature further on: programs use data
        // that fits two formats by its beginning.
        guard
            let kind = Self.disk(head) ?? Self.compressed(head) ?? Self.archive(head)
                ?? Self.plainDisk(head) ?? Self.document(head)
        else { return nil }
        self = kind
    }

    private static func disk(_ head: HeadBytes) -> DataKind? {
        if head.has([0x51, 0x46, 0x49, 0xFB]) {
            return head.bigEndian(4, bytes: 4) == 1 ? .qcow : .qcow2
        }
        if head.has("KDMV") || head.has("COWD") || InnerDisk.isVMDKDescriptor(head) { return .vmdk }
        if head.has("vhdxfile") { return .vhdx }
        if head.has("conectix") { return .vhd }
        if head.has([0x7F, 0x10, 0xDA, 0xBE], at: 64) { return .vdi }
        if head.has([0x4C, 0x55, 0x4B, 0x53, 0xBA, 0xBE]) { return .luks }
        if head.has("QED\0") { return .qed }
        if head.has("WithoutFreeSpace") || head.has("WithouFreSpacExt") { return .parallels }
        return nil
    }

    private static func compressed(_ head: HeadBytes) -> DataKind? {
        if head.has([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) { return .xz }
        if head.has([0x1F, 0x8B, 0x08]) { return .gzip }
        // The magic number of a block, or of the end of an empty stream, which others may follow.
        let blocks: [[UInt8]] = [
            [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
        ]
        if head.has("BZh"), blocks.contains(where: { head.has($0, at: 4) }) { return .bzip2 }
        if let kind = framed(head) { return kind }
        // A normal archive, one without files, and one in several volumes.
        let zips: [[UInt8]] = [[0x03, 0x04], [0x05, 0x06], [0x07, 0x08]]
        if zips.contains(where: { head.has([0x50, 0x4B] + $0) }) { return .zip }
        if head.has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return .sevenZip }
        if head.has("LZIP"), [0, 1].contains(head.littleEndian(4, bytes: 1)) { return .lzip }
        if head.has([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A]) { return .lzop }
        if head.has("Rar!\u{1A}\u{07}") { return .rar }
        return isLZMA(head) ? .lzma : nil
    }

    /// The kind of data in frames: zstd or lz4. Both may begin with skippable frames, which hold no
    /// image data and look the same in both (RFC 8878, section 3.1.2). pzstd writes such frames.
    private static func framed(_ head: HeadBytes) -> DataKind? {
        var offset: UInt64 = 0
        while let magic = head.littleEndian(offset, bytes: 4) {
            switch magic {
            // The current format, and those before version 0.8.
            case 0xFD2F_B522...0xFD2F_B528: return .zstd
            // The current format, and that of the Linux kernel.
            case 0x184D_2204, 0x184C_2102: return .lz4
            case 0x184D_2A50...0x184D_2A5F:
                guard let count = head.littleEndian(offset + 4, bytes: 4) else { return .zstd }
                offset += 8 + count
            default: return nil
            }
        }
        // All bytes are skippable frames. Only zstd data is known to begin in this way.
        return offset > 0 ? .zstd : nil
    }

    /// True if the bytes look like the older format of the xz tools, which has no signature. Checks
    /// the usual properties, a plausible size (or no size), and the first byte of the data.
    private static func isLZMA(_ head: HeadBytes) -> Bool {
        guard head.has([0x5D, 0x00, 0x00]), head.has([0x00], at: 13), !head.hasBootSignature,
            let size = head.littleEndian(5, bytes: 8)
        else { return false }
        return size == .max || (1..<1 << 48).contains(size)
    }

    /// The kind of a tar archive. In an OVA, the first member is the description, an `.ovf` file
    /// (DMTF DSP0243, section 5.3).
    private static func archive(_ head: HeadBytes) -> DataKind? {
        guard head.has("ustar", at: 257) || isOldTar(head) else { return nil }
        let name = head.bytes.prefix(100).prefix { $0 != 0 }
        return String(decoding: name, as: UTF8.self).lowercased().hasSuffix(".ovf") ? .ova : .tar
    }

    /// True for tar from before POSIX, which has no signature. Only the checksum of its header
    /// shows it: the sum of the header's bytes, with blanks in place of the sum, in octal digits.
    private static func isOldTar(_ head: HeadBytes) -> Bool {
        guard head.bytes.count >= 512, head.bytes[0] != 0 else { return false }
        let field = head.bytes[148..<156]
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        guard digits.count >= 3, let stated = Int(String(decoding: digits, as: UTF8.self), radix: 8)
        else { return false }
        let sum = head.bytes.prefix(512).reduce(0) { $0 + Int($1) }
        return sum - field.reduce(0) { $0 + Int($1) } + 8 * 0x20 == stated
    }

    private static func plainDisk(_ head: HeadBytes) -> DataKind? {
        // ECMA-119, section 8.1, and ECMA-167 (UDF), section 9.1: the first volume descriptor.
        let volumes = ["CD001", "BEA01", "NSR02", "NSR03"]
        if volumes.contains(where: { head.has($0, at: 32769) }) { return .iso }
        guard head.hasBootSignature else { return nil }
        // The header of a GPT is in the second sector, of 512 or 4096 bytes (UEFI specification,
        // section 5.3).
        return head.has("EFI PART", at: 512) || head.has("EFI PART", at: 4096) ? .gpt : .mbr
    }

    // MARK: Documents

    /// The least bytes of text. Fewer bytes may look like text by chance.
    private static let textBytesMin = 8

    /// The least bytes of text that is not UTF-8. Fewer bytes may be other short data, even if text
    /// may contain each of them.
    private static let otherTextBytesMin = 48

    /// Returns the beginning of UTF-16 text as UTF-8; nil for other data. Text without a byte order
    /// mark must begin with 8 ASCII characters.
    private static func narrowed(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard bytes.count % 2 == 0, bytes.count >= 2 else { return nil }
        let isMarked = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        let low = isMarked ? (bytes[0] == 0xFF ? 0 : 1) : (bytes[1] == 0 ? 0 : 1)
        if !isMarked {
            guard bytes.count >= 16 else { return nil }
            let isASCII = stride(from: 0, to: 16, by: 2).allSatisfy {
                bytes[$0 + 1 - low] == 0 && isText(bytes[$0 + low]) && bytes[$0 + low] < 0x80
            }
            guard isASCII else { return nil }
        }
        let first = isMarked ? 2 : 0
        let units = stride(from: first, to: min(bytes.count, 1024 + first), by: 2).map {
            UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)[...]
    }

    /// False for bytes that text never contains, in any encoding that keeps ASCII.
    private static func isText(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || (0x09...0x0D).contains(byte) || byte == 0x1B
    }

    private static let pictures: [[UInt8]] = [
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0xFF, 0xD8, 0xFF],
        Array("GIF87a".utf8), Array("GIF89a".utf8),
    ]

    private static func document(_ head: HeadBytes) -> DataKind? {
        if head.has("%PDF-") { return .pdf }
        if pictures.contains(where: { head.has($0) }) { return .picture }
        if head.has("RIFF"), head.has("WEBP", at: 8) { return .picture }
        var sample = head.bytes.prefix(1024)
        // Skips the byte order mark.
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { sample = sample.dropFirst(3) }
        let narrow = narrowed(head.bytes)
        if let narrow { sample = narrow }
        // ASCII words are found in any encoding that keeps ASCII.
        let text = String(decoding: sample, as: UTF8.self)
        let start = text.drop(while: \.isWhitespace).prefix(64).lowercased()
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: start.hasPrefix) {
            return .html
        }
        if start.hasPrefix("<?xml") { return .xml }
        // Disks contain bytes that text never contains. The sample may end within a character.
        guard sample.allSatisfy(isText), sample.count >= textBytesMin else { return nil }
        // Error pages come in Latin 1, GBK, Shift JIS and others as well.
        let isUnicode = !text.dropLast().contains("\u{FFFD}")
        guard isUnicode || (narrow == nil && sample.count >= otherTextBytesMin) else { return nil }
        return start.hasPrefix("{") || start.hasPrefix("[") ? .json : .text
    }
}

extension HeadBytes {
    /// True if the first sector ends with the boot signature, as an MBR and the boot sector of a
    /// file system do.
    var hasBootSignature: Bool { has([0x55, 0xAA], at: 510) }
}
