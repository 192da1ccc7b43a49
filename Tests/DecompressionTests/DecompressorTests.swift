// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import MigrationModel
import TestSupport
import Testing

@testable import Decompression

/// Compressed data from the formats' own tools, intact and damaged.
@Suite(.timeLimit(.minutes(5))) struct DecompressorTests {
    /// The output, and the error that ended it.
    struct Result {
        var bytes: [UInt8] = []
        var error: TranshipError?
    }

    private func decompress(
        _ data: [UInt8], _ compression: Compression, limits: DecompressionLimits = .init(),
        keeps: Bool = true
    ) async -> Result {
        let input = ByteRing(capacityBytes: 256 << 10)
        let output = ByteRing(capacityBytes: 256 << 10)
        let decompressor = Decompressor(compression, limits: limits, shown: "disk.raw")
        async let fed = failure {
            try await blocking {
                try data.withUnsafeBytes { try input.write($0) }
                input.finishWriting()
            }
        }
        async let error = failure {
            try await blocking {
                do {
                    try decompressor.run(from: input, into: output)
                    output.finishWriting()
                } catch {
                    input.fail(TranshipError(wrapping: error))
                    output.finishWriting()
                    throw error
                }
            }
        }
        let bytes = try? await blocking {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 128 << 10)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try output.read(into: $0) }
                if count == 0 { return bytes }
                if keeps { bytes += buffer.prefix(count) }
            }
        }
        _ = await fed
        return await Result(bytes: bytes ?? [], error: error)
    }

    /// Part noise and part zeros, like real disks; larger than every buffer.
    private static let disk =
        noise(700_000) + [UInt8](repeating: 0, count: 2_000_000) + noise(1_000_001, seed: 2)

    /// Heads of frames after RFC 8878, section 3.1.1, before a block of 3 bytes.
    @Test(
        arguments: [
            (
                descriptor: [0x00, 0x90],
                words: "needs a window of 256.0 MiB, and at most 128.0 MiB"
            ),
            ([0x01, 0x00, 0x07], "needs the dictionary 7, which is not in it"),
            ([0x02, 0x00, 0x07, 0x01], "needs the dictionary 263, which is not in it"),
        ] as [(descriptor: [UInt8], words: String)])
    func `zstd data that needs more than is here says what`(
        descriptor: [UInt8], words: String
    ) throws {
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD] + descriptor + [0x19, 0, 0, 1, 2, 3]
        let error = #expect(throws: TranshipError.self) {
            _ = try Decompressor(.zst, limits: .init(), shown: "x.zst").whole(frame)
        }
        #expect(error?.message.contains(words) == true, "\(error as Any)")
        #expect(error?.hint?.contains("zstd -d") == true)
    }

    @Test func `zstd data with the largest window that is read is read`() throws {
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x88, 0x19, 0, 0, 1, 2, 3]
        #expect(try Decompressor(.zst, limits: .init(), shown: "x").whole(frame) == [1, 2, 3])
    }

    @Test(arguments: Compression.allCases)
    func `Data comes out as it was`(compression: Compression) async throws {
        let result = await decompress(try compressed(Self.disk, compression), compression)
        #expect(result.error == nil)
        #expect(result.bytes == Self.disk)
    }

    @Test(arguments: Compression.allCases)
    func `Several members are one stream, and zeros after them are padding`(
        compression: Compression
    ) async throws {
        let parts = [noise(300_000), [], noise(70_000, seed: 3)]
        var data: [UInt8] = []
        for part in parts { data += try compressed(part, compression) }
        // Some counts exceed the buffers. The padding of xz is a multiple of four bytes.
        for count in [0, 1, 3, 4, 1024, 131_071, 300_000] {
            let padding = [UInt8](repeating: 0, count: compression == .xz ? count & ~3 : count)
            let result = await decompress(data + padding, compression)
            #expect(result.error == nil, "\(count) zeros")
            #expect(result.bytes == parts.flatMap { $0 })
        }
    }

    @Test(arguments: Compression.allCases)
    func `The first member may be empty`(compression: Compression) async throws {
        let data = try compressed([], compression) + compressed(Self.disk, compression)
        let result = await decompress(data, compression)
        #expect(result.error == nil)
        #expect(result.bytes == Self.disk)
        let decompressor = Decompressor(compression, limits: .init(), shown: "a")
        #expect(
            decompressor.head(of: Array(data.prefix(1 << 20)), bytesMax: 65_536)
                == Array(Self.disk.prefix(65_536)))
    }

    /// The bytes between and behind the streams, members or frames of one file.
    struct Joint: Sendable, CustomTestStringConvertible {
        let compression: Compression
        var before: [UInt8] = []
        var between: [UInt8] = []
        var behind: [UInt8] = []
        /// The number of bytes that are missing at the end.
        var missing = 0
        /// The error's words; nil if the data is decompressed completely.
        var words: String?

        var testDescription: String {
            "\(compression): \(before.count), \(between.count), \(behind.count), -\(missing)"
        }
    }

    private static func zeros(_ count: Int) -> [UInt8] { .init(repeating: 0, count: count) }

    /// The .xz File Format, section 2.2, allows padding of four bytes between streams and behind
    /// them; RFC 8878, section 3.1.2, allows skippable frames; RFC 1952, section 2.2, allows
    /// several members.
    private static let joints: [Joint] = {
        var joints: [Joint] = []
        for count in [4, 8, 4096, 262_144] {
            joints.append(Joint(compression: .xz, between: zeros(count)))
        }
        for count in [1, 2, 3, 5, 4094] {
            joints.append(Joint(compression: .xz, between: zeros(count), words: "is damaged"))
            joints.append(Joint(compression: .xz, behind: zeros(count), words: "disk.raw"))
        }
        for compression in [Compression.gz, .bz2, .zst] {
            joints.append(
                Joint(compression: compression, between: zeros(4), words: "other data follows"))
        }
        for compression in Compression.allCases {
            joints.append(Joint(compression: compression))
            joints.append(Joint(compression: compression, behind: zeros(512)))
            for behind in [[1], zeros(512) + [1], noise(40_000)] {
                joints.append(Joint(compression: compression, behind: behind, words: "disk.raw"))
            }
            for count in [1, 12, 5000] {
                joints.append(Joint(compression: compression, missing: count, words: "ends early"))
            }
        }
        for skippable in [0, 1, 200_000].map(DiskHeads.skippable) {
            joints.append(Joint(compression: .zst, before: skippable))
            joints.append(Joint(compression: .zst, between: skippable + skippable))
            joints.append(Joint(compression: .zst, behind: skippable + zeros(512)))
            let cut = Array(skippable.dropLast(skippable.count / 2))
            joints.append(Joint(compression: .zst, behind: cut, words: "ends early"))
        }
        return joints
    }()

    @Test(arguments: joints)
    func `Streams in a row are one, and what is none is refused`(joint: Joint) async throws {
        let parts = [noise(70_000), noise(9000, seed: 3)]
        var data = joint.before
        data += try compressed(parts[0], joint.compression) + joint.between
        data += try compressed(parts[1], joint.compression) + joint.behind
        let result = await decompress(Array(data.dropLast(joint.missing)), joint.compression)
        guard let words = joint.words else {
            #expect(result.error == nil)
            #expect(result.bytes == parts.flatMap { $0 })
            return
        }
        #expect(result.error?.code == .decompressionFailed)
        #expect(result.error?.message.contains(words) == true, "\(result.error?.message ?? "")")
        #expect(result.error?.hint?.isEmpty == false)
    }

    /// pzstd writes such frames.
    @Test func `Frames to skip are skipped, wherever they are`() async throws {
        let parts = [noise(200_000), noise(300_000, seed: 2)]
        var data: [UInt8] = []
        for part in parts { data += DiskHeads.skippable(4) + (try compressed(part, .zst)) }
        data += DiskHeads.skippable(200_000)
        for padding in [0, 1, 4096] {
            let result = await decompress(
                data + [UInt8](repeating: 0, count: padding), .zst)
            #expect(result.error == nil)
            #expect(result.bytes == parts.flatMap { $0 })
        }
    }

    @Test(arguments: ["zstd -qc", "zstd -qc --no-check", "xz -cT1", "xz -cT1 --check=none"])
    func `Data without a checksum inside is found out`(tool: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.disk, to: "data")
        let data = try output(of: "\(tool) data", in: folder)
        let compression: Compression = tool.hasPrefix("zstd") ? .zst : .xz
        #expect(
            Decompressor.lacksChecksum(Array(data.prefix(65_536)), compression)
                == tool.contains("--"))
        if compression == .zst {
            let skipped = DiskHeads.skippable(9) + data.prefix(65_536)
            #expect(Decompressor.lacksChecksum(skipped, .zst) == tool.contains("--"))
        }
    }

    @Test(arguments: Compression.allCases, [1, 5, 9, 1000])
    func `Data that ends early is told from damaged data`(
        compression: Compression, missing: Int
    ) async throws {
        let data = try compressed(Self.disk, compression)
        let error = await decompress(Array(data.dropLast(missing)), compression).error
        #expect(error?.code == .decompressionFailed)
        #expect(error?.message.contains("disk.raw ends early") == true, "\(error?.message ?? "")")
        #expect(error?.isTransient == false)
    }

    @Test(arguments: Compression.allCases)
    func `A bit that is wrong is found out`(compression: Compression) async throws {
        var data = try compressed(noise(400_000), compression)
        data[data.count / 2] ^= 0x10
        let error = await decompress(data, compression).error
        #expect(error?.code == .decompressionFailed)
    }

    @Test(arguments: Compression.allCases)
    func `Other data after the end is refused`(compression: Compression) async throws {
        let data = try compressed(noise(10_000), compression)
        for garbage in [[UInt8]("garbage".utf8), [0, 0, 0, 0, 1], noise(100_000, seed: 4)] {
            let error = await decompress(data + garbage, compression).error
            #expect(error?.code == .decompressionFailed)
        }
    }

    @Test(arguments: Compression.allCases)
    func `What is not compressed, or holds nothing, is refused`(
        compression: Compression
    ) async throws {
        for data in [noise(100_000), [], [UInt8](repeating: 0, count: 5000)] {
            let error = await decompress(data, compression).error
            #expect(error?.code == .decompressionFailed)
        }
        let nothing = await decompress(try compressed([], compression), compression).error
        #expect(nothing?.message.contains("holds no data") == true, "\(nothing?.message ?? "")")
    }

    @Test(arguments: Compression.allCases)
    func `Only one layer is taken off`(compression: Compression) async throws {
        let inner = try compressed(noise(5000), compression)
        let result = await decompress(try compressed(inner, compression), compression)
        #expect(result.error == nil)
        #expect(result.bytes == inner)
    }

    @Test(arguments: Compression.allCases)
    func `Data of more than the largest size is cut off`(compression: Compression) async throws {
        let data = try compressed([UInt8](repeating: 0, count: 5_000_000), compression)
        let result = await decompress(
            data, compression, limits: .init(sizeBytes: 3_000_000, ratio: 1_000_000))
        #expect(result.bytes.count <= 3_000_000)
        #expect(result.error?.code == .decompressionFailed)
        #expect(result.error?.hint?.contains("limits.decompressed_size") == true)
    }

    @Test func `Data that grows without end is cut off`() async throws {
        // 3 GiB in about 100 KiB.
        let zeros = try TemporaryFolder()
        let shell = "head -c 3G /dev/zero | zstd -q -T1"
        let data = try output(of: shell, in: zeros)
        let result = await decompress(data, .zst, keeps: false)
        #expect(result.error?.code == .decompressionFailed)
        #expect(result.error?.hint?.contains("limits.decompressed_ratio") == true)
    }

    @Test func `A failure of the source is what the caller gets`() async throws {
        let input = ByteRing()
        input.fail(TranshipError(.connectionLost, "reset", isTransient: true))
        let error = await failure {
            try await blocking {
                try Decompressor(.xz, limits: .init(), shown: "a")
                    .run(from: input, into: ByteRing())
            }
        }
        #expect(error?.message == "reset")
        #expect(error?.isTransient == true)
    }

    @Test func `A target that breaks ends the wait for a silent source`() async throws {
        let (input, output) = (ByteRing(), ByteRing())
        output.fail(TranshipError(.targetFailed, "gone"))
        let error = await failure {
            try await blocking {
                try Decompressor(.gz, limits: .init(), shown: "a").run(from: input, into: output)
            }
        }
        #expect(error?.message == "gone")
    }

    @Test(arguments: Compression.allCases)
    func `The first bytes show what is inside`(compression: Compression) throws {
        let data = try compressed(Self.disk, compression)
        let decompressor = Decompressor(compression, limits: .init(), shown: "a")
        let head = decompressor.head(of: Array(data.prefix(1 << 20)), bytesMax: 65_536)
        #expect(head == Array(Self.disk.prefix(65_536)))
        #expect(decompressor.head(of: noise(100), bytesMax: 65_536) == [])
    }
}
