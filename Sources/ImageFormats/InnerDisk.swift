// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The disk inside an image file, as the file's header describes it.
struct InnerDisk {
    var sizeBytes: UInt64?
    /// See ``ImageHead/need``.
    var need: String?
    /// See ``ImageHead/damage``.
    var damage: String?

    private static func sectors(_ count: UInt64?) -> UInt64? {
        count.flatMap {
            let (bytes, isTooLarge) = $0.multipliedReportingOverflow(by: 512)
            return isTooLarge ? nil : bytes
        }
    }

    private static func named(_ what: String, _ name: String?) -> String {
        guard let name, !name.isEmpty else { return what }
        return "\(what) \"\(name)\""
    }

    private static let cutHeader = "ends within its header"

    private static func cut(_ head: HeadBytes, below leastBytes: Int) -> String? {
        head.bytes.count < leastBytes ? cutHeader : nil
    }

    // MARK: qcow2

    /// Reads the header of a qcow2 image (<https://www.qemu.org/docs/master/interop/qcow2.html>).
    static func qcow2(_ head: HeadBytes) -> InnerDisk {
        var disk = InnerDisk(sizeBytes: head.bigEndian(24, bytes: 8))
        disk.damage = qcow2Damage(head)
        if let offset = head.bigEndian(8, bytes: 8), offset != 0 {
            let length = min(head.bigEndian(16, bytes: 4) ?? 0, 1023)
            disk.need = named("its backing file", head.text(offset, bytes: length))
        }
        // Bit 2 of the incompatible features: the data is in an external file.
        if disk.need == nil, head.bigEndian(4, bytes: 4) ?? 0 >= 3,
            let features = head.bigEndian(72, bytes: 8), features & 4 != 0
        {
            disk.need = named("its data file", dataFile(head))
        }
        return disk
    }

    /// The first invalid value in the fields that every reader needs; nil if all are valid.
    private static func qcow2Damage(_ head: HeadBytes) -> String? {
        guard let version = head.bigEndian(4, bytes: 4), head.bytes.count >= 72,
            let clusterBits = head.bigEndian(20, bytes: 4),
            let cryptMethod = head.bigEndian(32, bytes: 4)
        else { return cutHeader }
        guard version == 2 || version == 3 else {
            return "states version \(version), and only 2 and 3 exist"
        }
        guard (9...21).contains(clusterBits) else {
            return "states clusters of 2^\(clusterBits) bytes, and 2^9 to 2^21 exist"
        }
        guard cryptMethod <= 2 else {
            return "states encryption method \(cryptMethod), and only 0, 1 and 2 exist"
        }
        guard version == 3 else { return nil }
        guard let features = head.bigEndian(72, bytes: 8),
            let headerBytes = head.bigEndian(100, bytes: 4)
        else { return cutHeader }
        guard headerBytes >= 104 else {
            return "states a header of \(headerBytes) bytes, and version 3 has at least 104"
        }
        // Bit 1 of the incompatible features: a program found the image broken and marked it.
        return features & 2 == 0 ? nil : "is marked as corrupt"
    }

    /// The name of the external data file, from the header extensions.
    private static func dataFile(_ head: HeadBytes) -> String? {
        var offset = head.bigEndian(100, bytes: 4) ?? 0
        // Each step moves on by at least 8 bytes, up to the end of the bytes.
        while let type = head.bigEndian(offset, bytes: 4), type != 0,
            let length = head.bigEndian(offset + 4, bytes: 4)
        {
            if type == 0x4441_5441 { return head.text(offset + 8, bytes: length) }
            offset += 8 + (length + 7) / 8 * 8
        }
        return nil
    }

    // MARK: vmdk

    /// Reads the header of a VMDK image (VMware's "Virtual Disk Format 5.0"): a file with the data,
    /// or a text that describes in which files the data is.
    static func vmdk(_ head: HeadBytes) -> InnerDisk {
        if head.has("COWD") {
            return InnerDisk(
                sizeBytes: sectors(head.littleEndian(12, bytes: 4)),
                need: "the file that describes it")
        }
        guard head.has("KDMV") else {
            let isCut = head.bytes.count >= ImageHead.bytesMax && !head.bytes.contains(0)
            return InnerDisk(
                need: need(descriptor: head.bytes[...]), damage: isCut ? farDescription : nil)
        }
        var disk = InnerDisk(
            sizeBytes: sectors(head.littleEndian(12, bytes: 8)), damage: cut(head, below: 512))
        guard let offset = sectors(head.littleEndian(28, bytes: 8)),
            let length = sectors(head.littleEndian(36, bytes: 8))
        else { return disk }
        let isFull = head.bytes.count >= ImageHead.bytesMax
        if offset == 0 {
            disk.need = "the file that describes it"
        } else if offset < UInt64(head.bytes.count) {
            let rest = head.bytes[Int(offset)...]
            let text = rest.prefix(Int(min(length, UInt64(rest.count))))
            disk.need = need(descriptor: text) ?? otherFile(descriptor: text)
            let isCut = text.count == rest.count && !text.contains(0)
            if isCut, isFull { disk.damage = farDescription }
        } else if isFull {
            disk.damage = farDescription
        }
        return disk
    }

    private static let farDescription =
        "has its VMDK descriptor at an unusual offset: cannot check which files it needs"

    /// Returns another file that the description inside an image names; nil if it names none. A
    /// reader of the image may open that file on its own machine.
    private static func otherFile(descriptor: ArraySlice<UInt8>) -> String? {
        let extents = lines(descriptor).compactMap(Extent.init).filter { $0.type != "zero" }
        let other = extents.first { extent in
            extent.type != "sparse" || extent.file.contains { $0 == "/" || $0 == "\\" }
        }
        guard let found = other ?? extents.dropFirst().first else { return nil }
        return named("the file with its data", HeadBytes.shown(found.file))
    }

    /// A line of a description that names a part of the data: `RW 2048 SPARSE "disk.vmdk"`.
    private struct Extent {
        let type: String
        let file: String

        /// Nil for other lines. Readers skip blanks before and between the words.
        init?(_ line: String) {
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count >= 3,
                ["rw", "rdonly", "noaccess"].contains(words[0].lowercased())
            else { return nil }
            type = words[2].lowercased()
            let quoted = line.split(separator: "\"", omittingEmptySubsequences: false)
            file = quoted.count >= 2 ? String(quoted[1]) : ""
        }
    }

    static func isVMDKDescriptor(_ head: HeadBytes) -> Bool {
        lines(head.bytes.prefix(512)).first?.lowercased().hasPrefix("# disk descriptorfile")
            ?? false
    }

    /// Returns the file that an image needs by its description; nil if all data is in the same
    /// file.
    private static func need(descriptor: ArraySlice<UInt8>) -> String? {
        var type = ""
        var file: String?
        for line in lines(descriptor) {
            let value = line.split(separator: "\"", omittingEmptySubsequences: false)
            let quoted = value.count >= 2 ? HeadBytes.shown(String(value[1])) : nil
            let key = line.lowercased().drop { $0 == " " || $0 == "\t" }
            if key.hasPrefix("createtype"), let quoted { type = quoted.lowercased() }
            if key.hasPrefix("parentfilenamehint") { return named("its parent", quoted) }
            if Extent(line) != nil, file == nil { file = quoted }
        }
        // Only images of these types have their data and their description in one file.
        guard !type.isEmpty, type != "monolithicsparse", type != "streamoptimized" else {
            return nil
        }
        return named("the file with its data", file)
    }

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
        bytes.prefix { $0 != 0 }.split { $0 == 0x0A || $0 == 0x0D }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: vhd, vdi

    /// Reads the copy of the footer at the beginning of a VHD image (Microsoft's "Virtual Hard Disk
    /// Image Format Specification"). A fixed disk has no such copy: it begins with its data.
    static func vhd(_ head: HeadBytes) -> InnerDisk {
        let type = head.bigEndian(60, bytes: 4)
        return InnerDisk(
            sizeBytes: head.bigEndian(48, bytes: 8), need: type == 4 ? "its parent" : nil,
            damage: type == 2
                ? "begins with the footer of a fixed disk" : cut(head, below: 1536))
    }

    /// Reads the header of a VDI image (VirtualBox's `VDICore.h`). Type 3 is an undo image, type 4
    /// a difference.
    static func vdi(_ head: HeadBytes) -> InnerDisk {
        let type = head.littleEndian(76, bytes: 4)
        return InnerDisk(
            sizeBytes: head.littleEndian(368, bytes: 8),
            need: type == 3 || type == 4 ? "its parent" : nil, damage: cut(head, below: 512))
    }
}
