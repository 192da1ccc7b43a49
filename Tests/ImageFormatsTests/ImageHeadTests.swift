// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import TestSupport
import Testing

@Suite struct ImageHeadTests {
    /// Data, with its actual kind.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let kind: DataKind?

        init(_ description: String, _ bytes: [UInt8], _ kind: DataKind?) {
            testDescription = description
            self.bytes = bytes
            self.kind = kind
        }

        init(_ text: String, _ kind: DataKind?) { self.init(text, Array(text.utf8), kind) }
    }

    /// Returns text in UTF-16 with its byte order mark.
    private static func wide(_ text: String, isLittleEndian: Bool) -> [UInt8] {
        ("\u{FEFF}" + text).utf16.flatMap { unit in
            let bytes = [UInt8(unit & 0xFF), UInt8(unit >> 8)]
            return isLittleEndian ? bytes : bytes.reversed()
        }
    }

    private static func latin(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// A paragraph with characters of two bytes each.
    private static let gbk: [UInt8] = {
        var bytes = Array("<p>".utf8)
        for index in 0..<30 as Range<UInt8> { bytes += [0xB0 + index % 8, 0xC4 + index % 5] }
        return bytes + Array("</p>".utf8)
    }()

    /// A POSIX archive without its magic, and with the checksum of its header.
    private static let oldTar: [UInt8] = {
        var head = [UInt8](repeating: 0, count: 1024)
        head.replaceSubrange(0..<8, with: Array("disk.raw".utf8))
        head.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = String(head.reduce(0) { $0 + Int($1) }, radix: 8)
        head.replaceSubrange(148..<148 + sum.utf8.count, with: Array(sum.utf8))
        return head
    }()

    static let cases = [
        Case("qcow2", DiskHeads.qcow2(), .qcow2),
        Case("qcow2 of version 2", DiskHeads.qcow2(version: 2), .qcow2),
        Case("qcow", DiskHeads.qcow2(version: 1), .qcow),
        Case("vmdk", DiskHeads.vmdk(), .vmdk),
        Case("a description of a vmdk", DiskHeads.vmdkDescriptor("monolithicFlat"), .vmdk),
        Case("vmdk of ESX", Array("COWD".utf8) + noise(100), .vmdk),
        Case("vhd", DiskHeads.vhd(), .vhd),
        Case("vhdx", DiskHeads.vhdx, .vhdx),
        Case("vdi", DiskHeads.vdi(), .vdi),
        Case("iso", DiskHeads.iso(), .iso),
        Case("hybrid iso", DiskHeads.iso(isHybrid: true), .iso),
        Case("luks", DiskHeads.luks, .luks),
        Case("mbr", DiskHeads.mbr, .mbr),
        Case("gpt", DiskHeads.gpt, .gpt),
        Case("qed", Array("QED\0".utf8) + noise(100), .qed),
        Case("ova", DiskHeads.tar("appliance.ovf"), .ova),
        Case("tar", DiskHeads.tar("disk.raw"), .tar),
        Case("xz", DiskHeads.xz, .xz),
        Case("gzip", DiskHeads.gzip, .gzip),
        Case("bzip2", DiskHeads.bzip2, .bzip2),
        Case("zstd", DiskHeads.zstd, .zstd),
        Case("bzip2 that begins with an empty stream", DiskHeads.bzip2Empty + noise(100), .bzip2),
        Case("zstd after a frame to skip", DiskHeads.skippable(4) + DiskHeads.zstd, .zstd),
        Case(
            "zstd after two frames to skip",
            DiskHeads.skippable(0) + DiskHeads.skippable(300) + DiskHeads.zstd, .zstd),
        Case(
            "a frame to skip that is longer than the head", DiskHeads.skippable(100_000), .zstd),
        Case("lz4 after a frame to skip", DiskHeads.skippable(9) + DiskHeads.lz4, .lz4),
        Case("other data after a frame to skip", DiskHeads.skippable(4) + noise(500), nil),
        Case("lz4", DiskHeads.lz4, .lz4),
        Case("lz4 of the kernel", [0x02, 0x21, 0x4C, 0x18] + noise(100), .lz4),
        Case("lzip", Array("LZIP".utf8) + [1, 12] + noise(100), .lzip),
        Case("lzma", [0x5D, 0, 0, 0x80, 0] + [UInt8](repeating: 0xFF, count: 8) + [0, 7], .lzma),
        Case("lzma of a known size", [0x5D, 0, 0, 0x80, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 7], .lzma),
        Case("a disk that begins as lzma does", [0x5D] + [UInt8](repeating: 0, count: 900), nil),
        Case("rar", Array("Rar!".utf8) + [0x1A, 7, 1, 0] + noise(100), .rar),
        Case("lzop", [0x89, 0x4C, 0x5A, 0x4F, 0, 0x0D, 0x0A, 0x1A, 0x0A] + noise(100), .lzop),
        Case("zip without files", [0x50, 0x4B, 0x05, 0x06] + noise(100), .zip),
        Case("zip", DiskHeads.zip, .zip),
        Case("a web page", DiskHeads.html, .html),
        Case("\u{FEFF} \r\n<!DOCTYPE HTML PUBLIC>", .html),
        Case(
            "a web page in Latin 1",
            Array(
                "<html><body>Zugriff verb\u{FC}rgt".unicodeScalars
                    .map { UInt8(truncatingIfNeeded: $0.value) }), .html),
        Case("a web page in UTF-16", wide("<html><body>größer", isLittleEndian: true), .html),
        Case(
            "text in UTF-16, high byte first", wide("größer als 10", isLittleEndian: false), .text),
        Case("a disk that begins as UTF-16 does", [0xFF, 0xFE] + noise(5000), nil),
        Case("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>", .xml),
        Case("{\"error\": \"no such image\"}", .json),
        Case("404 page not found\n", .text),
        Case("two pages of text", Array(String(repeating: "größer ", count: 300).utf8), .text),
        Case(
            "text in Latin 1", latin("Die Seite wurde nicht gefunden. Zur\u{FC}ck zur Startseite."),
            .text),
        Case("a page in GBK", gbk, .text),
        Case(
            "UTF-16 without a mark", Array(wide("<html><body>größer", isLittleEndian: true)[2...]),
            .html),
        Case(
            "UTF-16 without a mark, high byte first",
            Array(wide("<!DOCTYPE html><p>不", isLittleEndian: false)[2...]), .html),
        Case(
            "a disk that begins with wide letters",
            Array(wide("BOOT DISK", isLittleEndian: true)[2...]) + noise(5000), nil),
        Case("a PDF", Array("%PDF-1.7\n%".utf8) + noise(500), .pdf),
        Case("a PNG", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + noise(500), .picture),
        Case("a JPEG", [0xFF, 0xD8, 0xFF, 0xE0] + noise(500), .picture),
        Case("tar before POSIX", oldTar, .tar),
        Case("a short disk of high bytes", [UInt8](repeating: 0xE5, count: 40), nil),
        Case("noise", noise(100_000), nil),
        Case("zeros", [UInt8](repeating: 0, count: 100_000), nil),
        Case("nothing", [], nil),
        Case("a few letters", Array("abc".utf8), nil),
        Case("text, then a disk", Array(String(repeating: "a", count: 900).utf8) + noise(200), nil),
        // The beginning of the data counts, no matter what follows.
        Case("qcow2 and iso", Array(DiskHeads.qcow2()[..<104]) + DiskHeads.iso()[104...], .qcow2),
    ]

    @Test(arguments: cases)
    func `The first bytes show what data is`(given: Case) {
        #expect(ImageHead(given.bytes).kind == given.kind)
    }

    @Test func `The size of the disk inside is in the header`() {
        for head in [
            DiskHeads.qcow2(sizeBytes: 5 << 30), DiskHeads.vmdk(sectors: 10 << 20),
            DiskHeads.vhd(sizeBytes: 5 << 30), DiskHeads.vdi(sizeBytes: 5 << 30),
        ] {
            #expect(ImageHead(head).virtualSizeBytes == 5 << 30)
        }
        #expect(ImageHead(noise(1000)).virtualSizeBytes == nil)
    }

    static let parts: [(head: [UInt8], need: String)] = [
        (DiskHeads.qcow2(backing: "base.qcow2"), "its backing file \"base.qcow2\""),
        (DiskHeads.qcow2(version: 2, backing: "/etc/passwd"), "its backing file \"/etc/passwd\""),
        (DiskHeads.qcow2(dataFile: "ext.raw"), "its data file \"ext.raw\""),
        (
            DiskHeads.vmdkDescriptor("monolithicFlat", file: "win-flat.vmdk"),
            "the file with its data \"win-flat.vmdk\""
        ),
        (
            DiskHeads.vmdk(type: "twoGbMaxExtentSparse"),
            "the file with its data \"disk.vmdk\""
        ),
        (
            DiskHeads.vmdk(type: "monolithicSparse", parent: "base.vmdk"),
            "its parent \"base.vmdk\""
        ),
        (DiskHeads.vmdk(type: nil), "the file that describes it"),
        (
            DiskHeads.vmdk(extents: ["RW 2048 FLAT \"/etc/hostname\" 0"]),
            "the file with its data \"/etc/hostname\""
        ),
        (
            DiskHeads.vmdk(
                extents: ["RW 2048 SPARSE \"a.vmdk\"", " \tRW 8 FLAT \"/etc/hostname\" 0"]),
            "the file with its data \"/etc/hostname\""
        ),
        (
            DiskHeads.vmdk(
                extents: ["RW 2048 SPARSE \"a.vmdk\"", "RDONLY 8 SPARSE \"b.vmdk\""]),
            "the file with its data \"b.vmdk\""
        ),
        (
            DiskHeads.vmdk(extents: ["RW 2048 SPARSE \"../a.vmdk\""]),
            "the file with its data \"../a.vmdk\""
        ),
        (DiskHeads.vhd(type: 4), "its parent"), (DiskHeads.vdi(type: 4), "its parent"),
    ]

    /// The description extends beyond the bytes that a look reads, or has no end there.
    @Test(arguments: [(200, 20), (127, 20)] as [(UInt64, UInt64)])
    func `A description that no look sees whole is damage`(sector: UInt64, length: UInt64) {
        var head = DiskHeads.vmdk(atSector: sector, ofSectors: length)
        for index in head.indices.suffix(512) { head[index] = UInt8(ascii: "#") }
        #expect(ImageHead(head).damage?.contains("unusual offset") == true)
        #expect(ImageHead(DiskHeads.vmdk()).damage == nil)
    }

    @Test func `A description that goes on beyond the head cannot be checked`() {
        let description = DiskHeads.vmdkDescriptor("monolithicFlat", parent: "/etc/secret")
        let start = "# Disk DescriptorFile\n" + String(repeating: "#\n", count: 40_000)
        let far = ImageHead(Array(start.utf8) + description)
        #expect(far.damage?.contains("unusual offset") == true)
        let padded = ImageHead(description + Array(repeating: 0, count: ImageHead.bytesMax))
        #expect(padded.damage == nil && padded.need == "its parent \"/etc/secret\"")
    }

    @Test(arguments: parts)
    func `An image that needs another file says which`(head: [UInt8], need: String) {
        #expect(ImageHead(head).need == need)
    }

    @Test(arguments: [
        DiskHeads.qcow2(), DiskHeads.vmdk(), DiskHeads.vmdk(type: "monolithicSparse"),
        DiskHeads.vhd(), DiskHeads.vdi(), DiskHeads.vhdx,
    ])
    func `A whole image needs none`(head: [UInt8]) {
        #expect(ImageHead(head).need == nil)
    }

    // MARK: Hostile heads

    @Test func `A head that is cut anywhere is read without harm`() {
        for given in Self.cases {
            for count in Array(0..<min(140, given.bytes.count)) + [511, 512, 520, 600] {
                let head = ImageHead(Array(given.bytes.prefix(count)))
                #expect(head.need?.count ?? 0 < 300)
            }
        }
    }

    @Test func `Numbers of any size are read without harm`() {
        // Sets each field of eight bytes in each format to the largest number, one after the other.
        for given in Self.cases where given.kind?.diskFormat != nil {
            for offset in stride(from: 4, to: min(given.bytes.count, 400) - 8, by: 4) {
                var bytes = given.bytes
                bytes.replaceSubrange(offset..<offset + 8, with: repeatElement(0xFF, count: 8))
                let head = ImageHead(bytes)
                #expect(head.virtualSizeBytes ?? 0 >= 0)
                #expect(head.need?.count ?? 0 < 300)
            }
        }
    }

    @Test func `A size that no disk has is unknown`() {
        #expect(ImageHead(DiskHeads.qcow2(sizeBytes: .max)).virtualSizeBytes == nil)
        #expect(ImageHead(DiskHeads.vmdk(sectors: .max)).virtualSizeBytes == nil)
    }

    @Test func `A name cannot break a message`() {
        let name = "a\n\u{1B}[31mb" + String(repeating: "c", count: 900)
        let need = ImageHead(DiskHeads.qcow2(backing: name)).need
        #expect(need?.contains("\n") == false && need?.contains("\u{1B}") == false)
        #expect(need?.count ?? 0 < 250)
    }
}
