// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import LabSupport
import TestSupport

/// Image data that the Image service's format inspector accepts as the declared format.
enum Sample {
    static let mebibyte = 1 << 20

    /// Returns noise, which has no known format.
    static func raw(_ bytes: Int, seed: UInt64) -> [UInt8] { noise(bytes, seed: seed) }

    /// Returns a qcow2 header of version 3, without backing file, and noise.
    static func qcow2(_ bytes: Int, seed: UInt64) -> [UInt8] {
        var header: [UInt8] = []
        func add(_ value: UInt64, _ width: Int) {
            header += (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        header += Array("QFI".utf8) + [0xFB]
        add(3, 4)  // version
        add(0, 8)  // backing file: none
        add(0, 4)
        add(16, 4)  // cluster bits
        add(256 << 20, 8)  // virtual size
        add(0, 4)  // not encrypted
        add(1, 4)  // entries and place of the L1 table
        add(3 << 16, 8)
        add(1 << 16, 8)  // refcount table: place, clusters
        add(1, 4)
        add(0, 4)  // snapshots
        add(0, 8)
        add(0, 8)  // features: incompatible, compatible, autoclear
        add(0, 8)
        add(0, 8)
        add(4, 4)  // refcounts of 16 bits
        add(104, 4)  // this header's length
        header += [UInt8](repeating: 0, count: (1 << 16) - header.count)
        return header + noise(bytes - header.count, seed: seed)
    }

    /// Returns the first descriptors of an ISO 9660 volume, and noise.
    static func iso(_ bytes: Int, seed: UInt64) -> [UInt8] {
        var volume = [UInt8](repeating: 0, count: 18 * 2048)
        volume.replaceSubrange(32768..<32775, with: [1] + Array("CD001".utf8) + [1])
        volume.replaceSubrange(34816..<34823, with: [255] + Array("CD001".utf8) + [1])
        return volume + noise(bytes - volume.count, seed: seed)
    }
}

extension Scene {
    /// Adds twelve images to alpha that differ in everything that matters.
    ///
    /// - Parameter bytes: the size of the first one. Each next one is a little larger, so that no
    ///   two are alike, and one is empty.
    /// - Parameter isPublic: makes one of them public, which only an administrator can do.
    @discardableResult
    func addTwelve(bytes: Int, isPublic: Bool = false) async throws -> [JSONValue] {
        func size(_ number: Int) -> Int { bytes + number * 4096 + number }
        let seed = UInt64(bytes)
        func raw(_ number: Int) -> [UInt8] {
            Sample.raw(size(number), seed: seed + UInt64(number))
        }
        let debian = try await alpha.add(
            "\(prefix) Debian 12", Sample.qcow2(size(1), seed: seed + 1), disk: "qcow2",
            [
                "min_disk": 2, "min_ram": 512, "tags": ["base", "prod"], "os_distro": "debian",
                "os_version": "12", "hw_disk_bus": "virtio", "visibility": "private",
            ])
        if isPublic {
            try await LabCloud.alphaAdmin.change(debian.id, ["visibility": "public"])
        }
        let shared = try await alpha.add(
            "\(prefix) scratch disk", raw(2), ["visibility": "shared"])
        try await alpha.share(shared.id, with: try await LabCloud.alphaOther.projectID)
        try await alpha.add(
            "\(prefix) rescue", Sample.iso(size(3), seed: seed + 3), disk: "iso",
            ["hw_cdrom_bus": "sata"])
        try await alpha.add("\(prefix) empty", [])
        let golden = try await alpha.add(
            "\(prefix) golden", Sample.qcow2(size(4), seed: seed + 4), disk: "qcow2",
            ["visibility": "private"])
        try await alpha.change(golden.id, ["protected": true])
        try await alpha.add(
            "\(prefix) last year's", raw(5), ["os_hidden": true, "visibility": "community"])
        try await alpha.add(
            "\(prefix) Größenprüfung 映像 образ", raw(6),
            [
                "tags": ["zürich", "試験", "кириллица"],
                "description": "Überprüft am 3. März – „fertig“ ✓",
                "contact": "Žofie <ops@example.org>",
            ])
        try await alpha.add("\(prefix) nightly", raw(7), ["build": "first"])
        try await alpha.add("\(prefix) nightly", raw(8), ["build": "second"])
        let kernel = try await alpha.add(
            "\(prefix) kernel", raw(9), disk: "aki", container: "aki")
        let ramdisk = try await alpha.add(
            "\(prefix) ramdisk", raw(10), disk: "ari", container: "ari")
        try await alpha.add(
            "\(prefix) machine", raw(11), disk: "ami", container: "ami",
            ["kernel_id": .string(kernel.id), "ramdisk_id": .string(ramdisk.id)])
        return try await alpha.images(prefix)
    }
}
