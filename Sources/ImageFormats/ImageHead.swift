// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// What the first bytes of image data say about it.
///
/// The Image service takes anything as `raw`, so it does not notice a web page or a compressed
/// file that is uploaded as a disk. Pure: reads bytes, and neither files nor the network.
public struct ImageHead: Hashable, Sendable {
    /// How many bytes to hand over, or all of shorter data. An ISO names itself at 32 KiB.
    public static let bytesMax = 64 << 10

    /// Nil if the bytes show nothing: the data of a disk may look like anything.
    public let kind: DataKind?
    /// The size of the disk inside in bytes, if the format states it here. VHDX states it
    /// further on.
    public let virtualSizeBytes: Int64?
    /// What the image needs beside this data, for messages: `its backing file "base.qcow2"`.
    public let need: String?
    /// What cannot be right about the image's header, for messages: `states version 7, and only 2
    /// and 3 exist`.
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
        // No disk is so large: a header that says so is damaged or hostile.
        let stated = disk.sizeBytes ?? 0
        let isTooLarge = stated > OutsideNumber.most
        virtualSizeBytes = isTooLarge ? nil : disk.sizeBytes.map { Int64($0) }
        damage = disk.damage ?? (isTooLarge ? "states a disk of \(stated >> 50) PiB" : nil)
        need = disk.need
    }
}
