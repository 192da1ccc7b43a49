// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The kind of image data, as far as its first bytes show it.
public enum DataKind: String, CaseIterable, Hashable, Sendable {
    // Disks.
    case qcow2, vmdk, vhd, vhdx, vdi, iso, luks, parallels
    /// Formats of QEMU that the Image service does not know.
    case qcow, qed
    /// A raw disk with a partition table: a GPT, or an MBR.
    case gpt, mbr

    // Packages with a disk inside.
    case ova, tar
    case xz, gzip, bzip2, zstd, zip, lz4, lzip, lzma, lzop, rar
    case sevenZip = "7z"

    // Data that is not a disk.
    case html, xml, json, text, pdf, picture

    /// The Image service's `disk_format` for this kind; nil if it has none.
    public var diskFormat: String? {
        switch self {
        case .qcow2, .vmdk, .vhd, .vhdx, .vdi, .iso: rawValue
        case .gpt, .mbr, .luks: "raw"
        case .parallels: "ploop"
        default: nil
        }
    }

    /// The command that unpacks data of this kind; nil if it is not compressed.
    var unpackCommand: String? {
        switch self {
        case .xz: "xz -d"
        case .gzip: "gunzip"
        case .bzip2: "bunzip2"
        case .zstd: "zstd -d"
        case .zip: "unzip"
        case .lz4: "lz4 -d"
        case .lzip: "lzip -d"
        case .lzma: "xz -d --format=lzma"
        case .lzop: "lzop -d"
        case .rar: "unrar x"
        case .sevenZip: "7z x"
        default: nil
        }
    }

    /// True if the key `decompress` of a source unpacks data of this kind.
    var isDecompressed: Bool { [.xz, .gzip, .bzip2, .zstd].contains(self) }

    /// The kind with its article, for messages.
    var words: String {
        switch self {
        case .qcow2: "a qcow2 image"
        case .vmdk: "a vmdk image"
        case .vhd: "a vhd image"
        case .vhdx: "a vhdx image"
        case .vdi: "a vdi image"
        case .iso: "an iso image"
        case .luks: "a LUKS volume"
        case .qcow: "a qcow image (version 1)"
        case .qed: "a QED image"
        case .parallels: "a Parallels image"
        case .gpt, .mbr: "a disk with a partition table"
        case .ova: "an OVA archive"
        case .tar: "a tar archive"
        case .xz, .gzip, .bzip2, .zstd, .zip, .lz4, .lzip, .lzma, .lzop, .rar, .sevenZip:
            "compressed (\(rawValue))"
        case .html: "a web page"
        case .xml: "an XML document"
        case .json: "a JSON document"
        case .text: "text"
        case .pdf: "a PDF document"
        case .picture: "a picture"
        }
    }
}
