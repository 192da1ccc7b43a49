// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import MigrationPipeline

/// Conversions of data in the spool by `qemu-img`, and the data that it must not get.
@Suite(
    .timeLimit(.minutes(5)), .enabled(if: QEMUImage.isPossible, "needs qemu-img"))
struct SpoolStepConversionTests {
    private typealias Bench = SpoolStepTests.Bench

    /// 8 MiB with holes; the size is a multiple of a sector.
    private static let disk =
        noise(1 << 20) + [UInt8](repeating: 0, count: 6 << 20) + noise(1 << 20, seed: 2)

    private func published(
        _ from: String, _ format: Conversion.Format, sizeBytesMax: Int64 = 1 << 40
    ) -> PublishedData {
        PublishedData(
            compression: nil,
            conversion: Conversion(from: from, to: format, sizeBytesMax: sizeBytesMax))
    }

    private func files(_ bench: Bench) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: bench.spool.place.folder)
    }

    @Test(arguments: ["qcow2", "vmdk", "vpc", "vhdx", "vdi"])
    func `A disk of any format becomes raw, with its holes`(format: String) async throws {
        let from = format == "vpc" ? "vhd" : format
        // Otherwise the size of a VHD is rounded up to complete cylinders.
        let image = try QEMUImage.make(
            format, of: Self.disk, options: format == "vpc" ? "-o force_size=on" : "")
        let bench = try await Bench(image, published: published(from, .raw))
        let (transfer, entry) = try await bench.ready()
        #expect(transfer.state == .read)
        #expect(entry.isComplete)
        #expect(entry.offsetBytes == Int64(Self.disk.count))
        #expect(entry.digest == sha256(Self.disk))
        #expect(entry.reservedBytes == Int64(Self.disk.count))
        let path = try bench.file()
        #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) == Self.disk)
        #expect(try files(bench).count == 1)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(status.st_blocks * 512 < 4 << 20)
        // Another target uses the same file.
        #expect(try await bench.ready().1 == entry)
        #expect(bench.readBytes == image.count)
    }

    @Test func `A raw disk becomes qcow2`() async throws {
        let bench = try await Bench(Self.disk, published: published("raw", .qcow2))
        _ = try await bench.ready()
        let image = [UInt8](try Data(contentsOf: URL(fileURLWithPath: try bench.file())))
        #expect(image.starts(with: [0x51, 0x46, 0x49, 0xFB]))
        #expect(image.count < 4 << 20)
        #expect(try QEMUImage.disk(in: image, "qcow2") == Self.disk)
    }

    @Test(arguments: [
        DiskHeads.qcow2(backing: "/etc/passwd"), DiskHeads.qcow2(dataFile: "/etc/passwd"),
        DiskHeads.vmdkDescriptor("monolithicFlat", file: "/etc/passwd"), DiskHeads.html,
        noise(100_000),
    ])
    func `What names another file, or is another format, never gets to qemu`(
        data: [UInt8]
    ) async throws {
        let from = data.starts(with: [0x23]) ? "vmdk" : "qcow2"
        let bench = try await Bench(data, published: published(from, .raw))
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .formatRejected)
        #expect(try await bench.entry()?.isComplete != true)
    }

    @Test func `A disk that is too large is not written`() async throws {
        let image = try QEMUImage.make("qcow2", of: Self.disk)
        let bench = try await Bench(
            image, published: published("qcow2", .raw, sizeBytesMax: 1 << 20))
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .conversionFailed)
        #expect(error?.hint?.contains("limits.decompressed_size") == true)
        #expect(try files(bench).count <= 1)
    }

    /// The conversion itself would write zeros in place of the missing bytes.
    @Test(arguments: ["qcow2", "vmdk", "vpc", "vhdx", "vdi"])
    func `An image that was cut off is not converted`(format: String) async throws {
        let image = try QEMUImage.make(format, of: Self.disk)
        let bench = try await Bench(
            Array(image.dropLast(600_000)),
            published: published(format == "vpc" ? "vhd" : format, .raw))
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .conversionFailed)
        #expect(try await bench.entry()?.isComplete != true)
    }

    @Test func `A damaged image is an error with qemu's words`() async throws {
        var image = try QEMUImage.make("qcow2", of: Self.disk)
        // The offset of the disk's first-level table.
        image.replaceSubrange(40..<48, with: [0x7F, 1, 2, 3, 4, 5, 6, 7])
        let bench = try await Bench(image, published: published("qcow2", .raw))
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .conversionFailed)
        #expect(error?.message.contains("qemu-img") == true)
        #expect(try await bench.entry()?.isComplete != true)
    }

    @Test func `A spool without room for both files says so before it converts`() async throws {
        let image = try QEMUImage.make("qcow2", of: Self.disk)
        let bench = try await Bench(
            image, maxBytes: Int64(image.count + Self.disk.count - 1),
            published: published("qcow2", .raw))
        let error = await failure { _ = try await bench.step() }
        #expect(error?.code == .targetFailed)
        #expect(error?.hint?.contains("spool.max") == true)
    }

    /// The process may die while the other program writes.
    @Test func `A half converted file is an orphan`() async throws {
        let image = try QEMUImage.make("qcow2", of: Self.disk)
        let bench = try await Bench(image, published: published("qcow2", .raw))
        let (_, entry) = try await bench.ready()
        let half = bench.spool.conversionPath(entry)
        try Data([1]).write(to: URL(fileURLWithPath: half))
        let orphans = try await Spool.orphans(
            in: bench.spool.place, journal: bench.journal, run: bench.run)
        #expect(orphans.map(\.path) == [half])
    }
}
