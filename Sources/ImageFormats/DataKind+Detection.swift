// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension DataKind {
    /// The kind of data that begins with these bytes; nil if they show nothing.
    init?(_ head: HeadBytes) {
        // What a format writes at its first byte comes before what another one writes further on:
        // data that is two things at once is used by its beginning.
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
        // A block, or the end of a stream without data: other streams may follow it.
        let blocks: [[UInt8]] = [
            [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
        ]
        if head.has("BZh"), blocks.contains(where: { head.has($0, at: 4) }) { return .bzip2 }
        if let kind = framed(head) { return kind }
        // The last two: without files, and in several volumes.
        let zips: [[UInt8]] = [[0x03, 0x04], [0x05, 0x06], [0x07, 0x08]]
        if zips.contains(where: { head.has([0x50, 0x4B] + $0) }) { return .zip }
        if head.has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return .sevenZip }
        if head.has("LZIP"), [0, 1].contains(head.littleEndian(4, bytes: 1)) { return .lzip }
        if head.has([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A]) { return .lzop }
        if head.has("Rar!\u{1A}\u{07}") { return .rar }
        return isLZMA(head) ? .lzma : nil
    }

    /// Data in frames: zstd and lz4. Frames of either may come after frames that hold no image
    /// data and begin in the same way (RFC 8878, section 3.1.2), as pzstd writes them.
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
        // The frames fill what is there: only zstd is known to begin so.
        return offset > 0 ? .zstd : nil
    }

    /// The older format of the xz tools has no signature. These are its usual properties, the
    /// beginning of its size (or no size), and the first byte of its data.
    private static func isLZMA(_ head: HeadBytes) -> Bool {
        guard head.has([0x5D, 0x00, 0x00]), head.has([0x00], at: 13), !head.hasBootSignature,
            let size = head.littleEndian(5, bytes: 8)
        else { return false }
        return size == .max || (1..<1 << 48).contains(size)
    }

    /// The first member of an OVA is its description (DMTF DSP0243, section 5.3).
    private static func archive(_ head: HeadBytes) -> DataKind? {
        guard head.has("ustar", at: 257) else { return nil }
        let name = head.bytes.prefix(100).prefix { $0 != 0 }
        return String(decoding: name, as: UTF8.self).lowercased().hasSuffix(".ovf") ? .ova : .tar
    }

    private static func plainDisk(_ head: HeadBytes) -> DataKind? {
        // ECMA-119, section 8.1, and ECMA-167 (UDF), section 9.1: the first volume descriptor.
        let volumes = ["CD001", "BEA01", "NSR02", "NSR03"]
        if volumes.contains(where: { head.has($0, at: 32769) }) { return .iso }
        guard head.hasBootSignature else { return nil }
        // With sectors of 512 or 4096 bytes (UEFI specification, section 5.3).
        return head.has("EFI PART", at: 512) || head.has("EFI PART", at: 4096) ? .gpt : .mbr
    }

    // MARK: Documents

    /// Fewer bytes that look like text may be anything.
    private static let textBytesMin = 8

    /// The beginning of UTF-16 text with a byte order mark, as UTF-8; nil for other data.
    private static func narrowed(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        let low = bytes.starts(with: [0xFF, 0xFE]) ? 0 : 1
        guard low == 0 || bytes.starts(with: [0xFE, 0xFF]), bytes.count % 2 == 0 else { return nil }
        let units = stride(from: 2, to: min(bytes.count, 1026), by: 2).map {
            UInt16(bytes[$0 + low]) | UInt16(bytes[$0 + 1 - low]) << 8
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)[...]
    }

    private static func document(_ head: HeadBytes) -> DataKind? {
        var sample = head.bytes.prefix(1024)
        // With a byte order mark.
        if sample.starts(with: [0xEF, 0xBB, 0xBF]) { sample = sample.dropFirst(3) }
        if let narrow = narrowed(head.bytes) { sample = narrow }
        // In any encoding that keeps ASCII.
        let text = String(decoding: sample, as: UTF8.self)
        let start = text.drop(while: \.isWhitespace).prefix(64).lowercased()
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: start.hasPrefix) {
            return .html
        }
        if start.hasPrefix("<?xml") { return .xml }
        // Disks hold bytes that no text holds. The sample may end within a character.
        let isText = sample.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
        guard isText, sample.count >= textBytesMin, !text.dropLast().contains("\u{FFFD}") else {
            return nil
        }
        return start.hasPrefix("{") || start.hasPrefix("[") ? .json : .text
    }
}

extension HeadBytes {
    /// An MBR ends with it, and so does the boot sector of a file system.
    var hasBootSignature: Bool { has([0x55, 0xAA], at: 510) }
}
