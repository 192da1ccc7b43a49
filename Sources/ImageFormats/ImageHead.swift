// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The facts that the first bytes of image data show.
///
/// The Image service takes anything as `raw`, so it does not notice a web page or a compressed
/// file that is uploaded as a disk. Pure: reads only the given bytes, no files and no network.
public struct ImageHead: Hashable, Sendable {
    /// The number of bytes to pass in, or all bytes of shorter data. The signature of an ISO is at
    /// 32 KiB.
    public static let bytesMax = 64 << 10

    /// The kind of data; nil if the bytes do not show it. A raw disk may begin with anything.
    public let kind: DataKind?
    /// The size of the disk inside, in bytes; nil if the first bytes do not state it. VHDX states
    /// it further on.
    public let virtualSizeBytes: Int64?
    /// The file that the image needs beside this data, for messages: `its backing file
    /// "base.qcow2"`. Nil if it needs none.
    public let need: String?
    /// The error in the image's header, for messages: `states version 7, and only 2 and 3 exist`.
    /// Nil if the header has none.
    public let damage: String?
    /// True for an ISO with a partition table, which boots as a disk as well.
    let isHybrid: Bool
    public let isEmpty: Bool

    public init(_ bytes: [UInt8]) {
        let head = HeadBytes(Array(bytes.prefix(Self.bytesMax)))
        kind = DataKind(head)
        isEmpty = bytes.isEmpty
        isHybrid = kind == .iso && head.hasBootSignature
        let disk: InnerDisk =
            switch kind {
            case .qcow2: .qcow2(head)
            case .vmdk: .vmdk(head)
            case .vhd: .vhd(head)
            case .vdi: .vdi(head)
            default: InnerDisk()
            }
        // No disk is larger: a header with a larger size is damaged or hostile.
        let stated = disk.sizeBytes ?? 0
        let isTooLarge = stated > OutsideNumber.most
        virtualSizeBytes = isTooLarge ? nil : disk.sizeBytes.map { Int64($0) }
        damage = disk.damage ?? (isTooLarge ? "states a disk of \(stated >> 50) PiB" : nil)
        need = disk.need
    }
}
