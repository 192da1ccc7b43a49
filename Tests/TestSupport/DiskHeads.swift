// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The beginnings of files in many formats, written after the formats' own specifications.
public enum DiskHeads {
    /// Returns the bytes of a head: the parts at their offsets, and 0 elsewhere.
    private static func bytes(_ count: Int, _ parts: [(offset: Int, bytes: [UInt8])]) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: count)
        for part in parts {
            head.replaceSubrange(part.offset..<part.offset + part.bytes.count, with: part.bytes)
        }
        return head
    }

    private static func big(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }

    private static func little(_ value: UInt64, _ width: Int) -> [UInt8] {
        big(value, width).reversed()
    }

    /// Returns a head as `qemu-img create` writes it: a header of 104 bytes, its extensions, and
    /// the backing file.
    public static func qcow2(
        sizeBytes: UInt64 = 1 << 30, version: UInt64 = 3, backing: String = "",
        dataFile: String? = nil
    ) -> [UInt8] {
        var parts: [(Int, [UInt8])] = [
            (0, [0x51, 0x46, 0x49, 0xFB]), (4, big(version, 4)), (20, big(16, 4)),
            (24, big(sizeBytes, 8)), (36, big(1, 4)), (40, big(0x30000, 8)),
            (48, big(0x10000, 8)), (56, big(1, 4)), (96, big(4, 4)), (100, big(104, 4)),
        ]
        if !backing.isEmpty {
            parts += [
                (8, big(512, 8)), (16, big(UInt64(backing.utf8.count), 4)),
                (512, Array(backing.utf8)),
            ]
        }
        if let dataFile {
            // The name of the backing file's format, then that of the data file.
            parts += [
                (72, big(4, 8)), (104, big(0xE279_2ACA, 4)), (108, big(5, 4)),
                (112, Array("qcow2".utf8)), (120, big(0x4441_5441, 4)),
                (124, big(UInt64(dataFile.utf8.count), 4)), (128, Array(dataFile.utf8)),
            ]
        }
        return bytes(256 << 10, parts)
    }

    /// Returns the text that describes a VMDK.
    public static func vmdkDescriptor(
        _ type: String, file: String = "disk-flat.vmdk", parent: String? = nil,
        extents: [String]? = nil
    ) -> [UInt8] {
        var text = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        text += "createType=\"\(type)\"\n"
        if let parent { text += "parentFileNameHint=\"\(parent)\"\n" }
        let lines = extents ?? ["RW 2048 FLAT \"\(file)\" 0"]
        text += "\n# Extent description\n" + lines.joined(separator: "\n") + "\n"
        return Array(text.utf8)
    }

    /// Returns a VMDK with its data, or one extent of several.
    public static func vmdk(
        sectors: UInt64 = 2048, type: String? = "streamOptimized", parent: String? = nil,
        extents: [String] = ["RW 2048 SPARSE \"disk.vmdk\""], atSector sector: UInt64 = 1,
        ofSectors length: UInt64 = 20
    ) -> [UInt8] {
        let descriptor = type.map { vmdkDescriptor($0, parent: parent, extents: extents) } ?? []
        return bytes(
            64 << 10,
            [
                (0, Array("KDMV".utf8)), (4, little(3, 4)), (12, little(sectors, 8)),
                (20, little(128, 8)), (28, little(type == nil ? 0 : sector, 8)),
                (36, little(type == nil ? 0 : length, 8)), (512, descriptor),
            ])
    }

    /// - Parameter type: 3 for dynamic, 4 for differencing.
    public static func vhd(sizeBytes: UInt64 = 1 << 30, type: UInt64 = 3) -> [UInt8] {
        bytes(
            1536,
            [
                (0, Array("conectix".utf8)), (16, big(512, 8)), (40, big(sizeBytes, 8)),
                (48, big(sizeBytes, 8)), (60, big(type, 4)), (512, Array("cxsparse".utf8)),
            ])
    }

    public static let vhdx = bytes(64 << 10, [(0, Array("vhdxfile".utf8))])

    /// - Parameter type: 1 for dynamic, 4 for a difference.
    public static func vdi(sizeBytes: UInt64 = 1 << 30, type: UInt64 = 1) -> [UInt8] {
        bytes(
            1 << 20,
            [
                (0, Array("<<< Oracle VM VirtualBox Disk Image >>>\n".utf8)),
                (64, little(0xBEDA_107F, 4)), (68, little(0x0001_0001, 4)),
                (76, little(type, 4)), (368, little(sizeBytes, 8)),
            ])
    }

    /// - Parameter isHybrid: true to add the partition table with which it boots as a disk.
    public static func iso(isHybrid: Bool = false) -> [UInt8] {
        bytes(
            128 << 10,
            [(32768, [1] + Array("CD001".utf8) + [1])] + (isHybrid ? [(510, [0x55, 0xAA])] : []))
    }

    public static let luks = bytes(4096, [(0, Array("LUKS".utf8) + [0xBA, 0xBE, 0, 2])])
    public static let mbr = bytes(4096, [(0, [0xEB, 0x63, 0x90]), (510, [0x55, 0xAA])])
    public static let gpt = bytes(
        4096, [(510, [0x55, 0xAA]), (512, Array("EFI PART".utf8))])

    /// - Parameter member: the name of the first file in it.
    public static func tar(_ member: String) -> [UInt8] {
        bytes(10240, [(0, Array(member.utf8)), (257, Array("ustar".utf8) + [0, 0x30, 0x30])])
    }

    public static let xz = bytes(2000, [(0, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04])])
    public static let gzip = bytes(2000, [(0, [0x1F, 0x8B, 0x08, 0x00])])
    public static let bzip2 = bytes(
        2000, [(0, Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59])])
    public static let bzip2Empty =
        Array("BZh9".utf8) + [0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0]
    public static let lz4 = bytes(2000, [(0, [0x04, 0x22, 0x4D, 0x18, 0x64])])

    /// Returns a frame of zstd or lz4 that decoders skip.
    public static func skippable(_ count: Int) -> [UInt8] {
        [0x53, 0x2A, 0x4D, 0x18] + little(UInt64(count), 4) + noise(count, seed: 5)
    }

    public static let zstd = bytes(2000, [(0, [0x28, 0xB5, 0x2F, 0xFD, 0x04])])
    public static let zip = bytes(2000, [(0, [0x50, 0x4B, 0x03, 0x04, 0x14])])
    public static let html = Array("<html><body>Error: please log in</body></html>\n".utf8)
}
