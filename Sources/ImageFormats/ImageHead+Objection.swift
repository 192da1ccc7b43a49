// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The format of the data according to its record.
public struct DeclaredFormat: Hashable, Sendable {
    public var disk: String?
    public var container: String?
    /// True if one entry of a pipeline file declares the format of several files: to give one of
    /// them another format, it needs an entry of its own.
    public var isShared: Bool

    public init(disk: String?, container: String?, isShared: Bool = false) {
        self.disk = disk
        self.container = container
        self.isShared = isShared
    }

    /// Returns the hint to write `keys` for this data alone.
    package func hint(_ keys: String) -> String {
        isShared
            ? "move the file to where the glob does not match it, give it an entry of its own, and "
                + "there write \(keys)"
            : "write \(keys)"
    }

    /// False for formats whose data may begin in any way: kernels, ramdisks and the layers of
    /// containers are normally compressed.
    fileprivate var isChecked: Bool {
        guard let disk, !["aki", "ari", "ami"].contains(disk) else { return false }
        return ["bare", "ova"].contains(container ?? "bare")
    }
}

extension ImageHead {
    /// Returns a format with its article: `a qcow2 image`.
    private static func image(_ disk: String) -> String {
        "\("aeiou".contains(disk.prefix(1)) ? "an" : "a") \(disk) image"
    }

    /// Formats that always begin with their signature. VHD is missing because a fixed VHD begins
    /// with its data.
    private static let certainFormats: Set = ["qcow2", "vmdk", "vhdx", "vdi", "iso"]
    /// Formats that only say that the data is a disk.
    private static let plainFormats: Set = ["raw", "gpt", "luks"]

    /// Returns the reason why this data must not be copied under a record with the declared format;
    /// nil if it may be copied.
    ///
    /// - Parameters:
    ///   - shown: the data's place, for the message.
    ///   - facts: further facts for the message about a document, such as its size.
    ///   - isUnpacked: true for data that was decompressed: only one layer is removed.
    /// - Returns: ``TranshipError/Code/formatRejected``.
    public func objection(
        to declared: DeclaredFormat, shown: String, facts: [String] = [], isUnpacked: Bool = false
    ) -> TranshipError? {
        guard declared.isChecked, let disk = declared.disk else { return nil }
        if declared.container == "ova" { return objectionToOVA(declared, shown) }
        if let need, let kind {
            return TranshipError(
                .formatRejected, "\(shown) is \(kind.words) and needs \(need)",
                hint: "make one whole file of both: qemu-img convert -O qcow2 IMAGE WHOLE.qcow2")
        }
        if let damage, let kind {
            return TranshipError(
                .formatRejected, "\(shown) is damaged: it is \(kind.words) and \(damage)",
                hint: "look at it (qemu-img info IMAGE), and get it from its publisher again")
        }
        return objectionToKind(disk, declared, shown, facts, isUnpacked)
            ?? objectionToFormat(disk, declared, shown)
    }

    private func objectionToOVA(_ declared: DeclaredFormat, _ shown: String) -> TranshipError? {
        guard let kind, kind != .ova, kind != .tar else { return nil }
        return TranshipError(
            .formatRejected,
            "\(shown) is \(kind.words), and container_format ova means a tar archive",
            hint: declared.hint("`container_format: bare` for a plain disk"))
    }

    /// Returns the objection to data that no record can declare as a disk.
    private func objectionToKind(
        _ disk: String, _ declared: DeclaredFormat, _ shown: String, _ facts: [String],
        _ isUnpacked: Bool
    ) -> TranshipError? {
        guard let kind else { return nil }
        let details = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
        switch kind {
        case .html, .xml, .json, .text, .pdf, .picture:
            return TranshipError(
                .formatRejected, "\(shown) is \(kind.words)\(details), not \(Self.image(disk))",
                hint: "look at the data: an error or a login page may be in the place of the image")
        case .ova, .tar:
            return TranshipError(
                .formatRejected, "\(shown) is \(kind.words), not \(Self.image(disk))",
                hint: kind == .ova
                    ? declared.hint("`container_format: ova`, or extract the disk and use it")
                    : "extract the image and use it")
        case .qcow, .qed:
            return TranshipError(
                .formatRejected,
                "\(shown) is \(kind.words), for which the Image service has no format",
                hint: "convert it: qemu-img convert -O qcow2 IMAGE CONVERTED.qcow2")
        default:
            guard let command = kind.unpackCommand else { return nil }
            return TranshipError(
                .formatRejected,
                "\(shown) is \(kind.words), not \(Self.image(disk)), and an upload does not unpack it",
                hint: kind.isDecompressed && !isUnpacked
                    ? "write `decompress: auto` at the source, if it is a URL or a file"
                    : "unpack it (\(command)) and use the unpacked file")
        }
    }

    private func objectionToFormat(
        _ disk: String, _ declared: DeclaredFormat, _ shown: String
    ) -> TranshipError? {
        let actual = kind?.diskFormat
        // Installers are published as ISOs and written to disks as they are.
        if kind == .iso, Self.plainFormats.contains(disk) { return nil }
        if let actual, actual == disk { return nil }
        if let kind, let actual, actual != "raw" {
            return TranshipError(
                .formatRejected, "\(shown) is \(kind.words), and its disk_format is \(disk)",
                hint: declared.hint(
                    "`disk_format: \(actual)`, or `inspect: false` if \(disk) is meant"))
        }
        guard Self.certainFormats.contains(disk) else { return nil }
        let found =
            isEmpty
            ? "is empty" : kind.map { "is \($0.words)" } ?? "does not begin as \(Self.image(disk))"
        return TranshipError(
            .formatRejected, "\(shown) \(found), and its disk_format is \(disk)",
            hint: declared.hint(
                "the format of the data, such as `disk_format: raw`, or `inspect: false` if \(disk) "
                    + "is meant"))
    }

    /// The size of the smallest disk.
    public static let sectorBytes: Int64 = 512

    /// A remark about data that may be copied.
    public enum Remark: Equatable, Sendable {
        case empty
        case isoWithoutPartitions(diskFormat: String)
        case diskTooSmall(neededGiB: Int64, minDiskGiB: Int)
        /// Data of unknown kind that is shorter than a sector.
        case smallerThanSector(sizeBytes: Int64)
    }

    /// Returns the remarks about data that may be copied.
    ///
    /// - Parameters:
    ///   - minDiskGiB: the record's `min_disk`; 0 if it states none.
    ///   - sizeBytes: the size of all data; nil if unknown.
    public func remarks(
        to declared: DeclaredFormat, minDiskGiB: Int, sizeBytes: Int64?
    ) -> [Remark] {
        guard declared.isChecked, declared.container != "ova" else { return [] }
        var remarks: [Remark] = isEmpty ? [.empty] : []
        let isPlain = Self.plainFormats.contains(declared.disk ?? "")
        if isPlain, kind == .iso, !isHybrid {
            remarks.append(.isoWithoutPartitions(diskFormat: declared.disk ?? ""))
        }
        if isPlain, kind == nil, let sizeBytes, (1..<Self.sectorBytes).contains(sizeBytes) {
            remarks.append(.smallerThanSector(sizeBytes: sizeBytes))
        }
        let size = virtualSizeBytes ?? (isPlain ? sizeBytes : nil)
        if minDiskGiB > 0, let size {
            let neededGiB = (size >> 30) + (size & ((1 << 30) - 1) == 0 ? 0 : 1)
            if neededGiB > minDiskGiB {
                remarks.append(.diskTooSmall(neededGiB: neededGiB, minDiskGiB: minDiskGiB))
            }
        }
        return remarks
    }
}

extension TranshipError {
    /// Returns the refusal of a file or URL without data.
    public static func emptyData(_ shown: String) -> TranshipError {
        TranshipError(
            .formatRejected, "\(shown) is empty",
            hint: "get it from its publisher again, or write `inspect: false` if an image without "
                + "data is meant")
    }
}
