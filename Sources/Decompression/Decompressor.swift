// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel

/// How much decompressed data is accepted, against data that is made to fill disks.
public struct DecompressionLimits: Hashable, Sendable {
    /// Maximum size of the decompressed data, in bytes.
    public var sizeBytes: Int64
    /// Maximum number of decompressed bytes for each compressed one. Counts from the first GiB on,
    /// because empty disks compress well.
    public var ratio: Int64

    public init(sizeBytes: Int64 = 1 << 40, ratio: Int64 = 1000) {
        self.sizeBytes = sizeBytes
        self.ratio = ratio
    }
}

/// Decompresses a stream of xz, gzip, bzip2 or zstd data in constant memory.
///
/// Data in several members or frames is one stream. Zeros after the end are padding (of xz: a
/// multiple of four), other bytes are an error, and so is an end before the end of the last member.
///
/// Memory: some hundred KiB for gzip, 4 MiB for bzip2, up to 128 MiB for zstd. For xz as much as
/// its publisher chose: 9 MiB by default, 65 MiB for `xz -9`; libarchive refuses more than 1 GiB.
public struct Decompressor: Sendable {
    let compression: Compression
    let limits: DecompressionLimits
    /// The place of the data, for messages.
    let shown: String
    /// What to do about data that is larger than the limits; nil: raise those of the pipeline file.
    public var excessHint: String?

    public init(_ compression: Compression, limits: DecompressionLimits, shown: String) {
        self.compression = compression
        self.limits = limits
        self.shown = shown
    }

    private static let chunkBytes = 128 << 10
    /// How long a wait for compressed data may last before a look at the other ring.
    private static let lookMilliseconds = 200

    /// Takes everything out of one ring and writes what it decompresses to into the other. BLOCKS.
    /// Neither finishes nor fails a ring.
    ///
    /// - Throws: ``TranshipError/Code/decompressionFailed``; the failure of a ring.
    public func run(from input: ByteRing, into output: ByteRing) throws(TranshipError) {
        let compressed = CompressedInput(bufferBytes: Self.chunkBytes) {
            (buffer) throws(TranshipError) in
            while true {
                if let count = try input.read(
                    into: buffer, withinMilliseconds: Self.lookMilliseconds)
                {
                    return count
                }
                // The target may have broken while the source is silent.
                if let failure = output.failure { throw failure }
            }
        }
        try run(compressed) { (bytes) throws(TranshipError) in try output.write(bytes) }
    }

    /// Decompresses the beginning of data, as far as it shows anything.
    ///
    /// - Parameters:
    ///   - bytes: the first compressed bytes. bzip2 needs a whole block, which has up to 900 kB.
    ///   - bytesMax: how many decompressed bytes are wanted.
    /// - Returns: fewer bytes if there are no more, or if the data is damaged.
    public func head(of bytes: [UInt8], bytesMax: Int) -> [UInt8] {
        var head: [UInt8] = []
        try? run(Self.input(bytes)) { (bytes) throws(TranshipError) in
            head += bytes.prefix(bytesMax - head.count)
            if head.count == bytesMax { throw TranshipError(.interrupted, "this is enough") }
        }
        return head
    }

    /// True if compressed data has no checksum of what is inside, as far as its first bytes show.
    /// Writers of zst and xz may leave it out.
    public static func lacksChecksum(_ bytes: [UInt8], _ compression: Compression) -> Bool {
        switch compression {
        case .gz, .bz2: return false
        // The flags of the stream (The .xz File Format, section 2.1.1.2).
        case .xz: return bytes.count > 7 && bytes[7] & 0x0F == 0
        case .zst:
            var frames = ZstdFrames()
            _ = bytes.withUnsafeBytes { frames.take($0) }
            return frames.isUnproved
        }
    }

    /// Decompresses small data in memory, within the limits.
    ///
    /// - Throws: ``TranshipError/Code/decompressionFailed``.
    public func whole(_ bytes: [UInt8]) throws(TranshipError) -> [UInt8] {
        var decompressed: [UInt8] = []
        try run(Self.input(bytes)) { (part) throws(TranshipError) in decompressed += part }
        return decompressed
    }

    private static func input(_ bytes: [UInt8]) -> CompressedInput {
        var rest = bytes[...]
        return CompressedInput(bufferBytes: chunkBytes) { (buffer) throws(TranshipError) in
            let part = rest.prefix(buffer.count)
            buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }

    private func run(
        _ input: CompressedInput,
        _ write: @escaping (UnsafeRawBufferPointer) throws(TranshipError) -> Void
    ) throws(TranshipError) {
        let output = BoundedOutput(limits, write)
        do throws(DecompressionFailure) {
            switch compression {
            case .gz: try Gunzip.run(input, output)
            case .xz: try ArchiveFilter.run(.xz, input, output)
            case .bz2: try ArchiveFilter.run(.bzip2, input, output)
            case .zst: try ArchiveFilter.run(.zstd, input, output)
            }
            guard output.totalBytes > 0 else { throw .isEmpty }
        } catch {
            throw self.error(error, input, output)
        }
    }

    private func error(
        _ failure: DecompressionFailure, _ input: CompressedInput, _ output: BoundedOutput
    ) -> TranshipError {
        let format = compression.rawValue
        if let error = unmet(failure, input.frames) { return error }
        switch failure {
        case .stream(let error): return error
        case .endsEarly:
            return TranshipError(
                .decompressionFailed,
                "the \(format) data of \(shown) ends early, after \(input.takenBytes) bytes",
                hint:
                    "if it is still being written or uploaded, run again later; else the file is "
                    + "damaged, even if its checksum is right, or other data follows its end")
        case .isDamaged(let words):
            return TranshipError(
                .decompressionFailed, "the \(format) data of \(shown) is damaged: \(words)",
                hint: "compare the source with its publisher; give it a `checksum`")
        case .trailing:
            return TranshipError(
                .decompressionFailed,
                "other data follows the end of the \(format) data of \(shown)",
                hint: "compare the source with its publisher: the file may be damaged")
        case .isEmpty:
            return TranshipError(
                .decompressionFailed,
                "the \(format) data of \(shown) holds no data, or is not \(format) data",
                hint: "compare the source with its publisher")
        case .isTooLarge:
            return TranshipError(
                .decompressionFailed,
                "\(shown) is larger than \(ByteCount.format(limits.sizeBytes)) once decompressed",
                hint: excessHint ?? "raise `limits.decompressed_size` if that is right")
        case .isTooDense:
            return TranshipError(
                .decompressionFailed,
                "\(shown) expands to more than \(limits.ratio) times its size ("
                    + "\(ByteCount.format(output.totalBytes)) from "
                    + "\(ByteCount.format(input.takenBytes)) so far)",
                hint: excessHint
                    ?? "raise `limits.decompressed_ratio` if it is an image of an empty disk")
        }
    }
}

extension Decompressor {
    /// What zstd takes at most, by its default.
    private static let windowBytesMax: UInt64 = 1 << 27

    /// What the data needs and does not have here: the decoder calls it damaged, or gives nothing.
    private func unmet(_ failure: DecompressionFailure, _ frames: ZstdFrames?) -> TranshipError? {
        guard let frames else { return nil }
        switch failure {
        case .isEmpty, .isDamaged, .endsEarly: break
        case .stream, .trailing, .isTooLarge, .isTooDense: return nil
        }
        if let id = frames.dictionaryID {
            return TranshipError(
                .decompressionFailed,
                "the zst data of \(shown) needs the dictionary \(id), which is not in it",
                hint: "decompress it with `zstd -d -D DICTIONARY`, and use the result")
        }
        guard frames.windowBytes > Self.windowBytesMax else { return nil }
        let most = ByteCount.format(Int64(Self.windowBytesMax))
        return TranshipError(
            .decompressionFailed,
            "the zst data of \(shown) needs a window of "
                + "\(ByteCount.format(Int64(clamping: frames.windowBytes))), and at most \(most) of "
                + "memory are used for it",
            hint: "decompress it with `zstd -d --long=31`, and use the result; its publisher can "
                + "compress it without --long")
    }
}

/// Why data cannot be decompressed.
enum DecompressionFailure: Error {
    /// The ring or file that is read or written failed.
    case stream(TranshipError)
    case endsEarly
    case isDamaged(String)
    /// Bytes other than zeros follow the end.
    case trailing
    case isEmpty
    case isTooLarge
    case isTooDense
}

/// Hands out compressed data, chunk by chunk.
final class CompressedInput {
    private let take: (UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int
    private let buffer: UnsafeMutableRawBufferPointer
    /// The last chunk. Empty at the end.
    private(set) var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var takenBytes: Int64 = 0
    private(set) var isAtEnd = false
    private(set) var failure: TranshipError?
    /// Where the last byte is that is not zero; -1 before.
    private var lastDataOffset: Int64 = -1
    /// Finds where padding begins, for decoders that take it for data.
    var frames: ZstdFrames?
    private var isAtPadding = false

    /// - Parameter take: fills a buffer; returns the number of bytes, 0 at the end.
    init(
        bufferBytes: Int,
        _ take: @escaping (UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int
    ) {
        self.take = take
        buffer = .allocate(byteCount: bufferBytes, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// The next chunk, which replaces the last one. Empty at the end.
    func next() throws(DecompressionFailure) -> UnsafeRawBufferPointer {
        if let failure { throw .stream(failure) }
        do {
            let count = isAtEnd ? 0 : try take(buffer)
            isAtEnd = count == 0
            chunk = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if let last = chunk.lastIndex(where: { $0 != 0 }) {
                lastDataOffset = takenBytes + Int64(last)
            }
            takenBytes += Int64(count)
            return chunk
        } catch {
            failure = error
            throw .stream(error)
        }
    }

    /// The next chunk, without padding as far as ``frames`` finds it. Empty at the end of the data.
    func nextData() throws(DecompressionFailure) -> UnsafeRawBufferPointer {
        guard !isAtPadding else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let chunk = try next()
        guard let count = frames?.take(chunk), count < chunk.count else { return chunk }
        isAtPadding = true
        return UnsafeRawBufferPointer(rebasing: chunk[..<count])
    }

    /// Takes the rest, which may be padding.
    ///
    /// - Parameter offset: where the data ended: how many of the bytes taken so far belong to it.
    func takePadding(from offset: Int64) throws(DecompressionFailure) {
        while true {
            guard lastDataOffset < offset else { throw .trailing }
            if isAtEnd { return }
            _ = try next()
        }
    }
}

/// Takes decompressed data, as long as the limits allow.
final class BoundedOutput {
    /// The ratio does not count before.
    private static let freeBytes: Int64 = 1 << 30

    private let limits: DecompressionLimits
    private let write: (UnsafeRawBufferPointer) throws(TranshipError) -> Void
    private(set) var totalBytes: Int64 = 0

    init(
        _ limits: DecompressionLimits,
        _ write: @escaping (UnsafeRawBufferPointer) throws(TranshipError) -> Void
    ) {
        self.limits = limits
        self.write = write
    }

    /// - Parameter taken: the compressed bytes that were taken so far.
    func put(
        _ bytes: UnsafeRawBufferPointer, after taken: Int64
    ) throws(DecompressionFailure) {
        guard !bytes.isEmpty else { return }
        totalBytes += Int64(bytes.count)
        if totalBytes > limits.sizeBytes { throw .isTooLarge }
        if totalBytes > Self.freeBytes, totalBytes / max(1, taken) >= limits.ratio {
            throw .isTooDense
        }
        do { try write(bytes) } catch { throw .stream(error) }
    }
}
