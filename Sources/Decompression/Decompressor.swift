// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import ByteStreams
public import MigrationModel

/// Limits on decompressed data, as a protection against data that is made to fill disks.
public struct DecompressionLimits: Hashable, Sendable {
    /// The maximum size of the decompressed data, in bytes.
    public var sizeBytes: Int64
    /// The maximum number of decompressed bytes for each compressed byte. Does not apply to the
    /// first GiB, because empty disks compress well.
    public var ratio: Int64

    public init(sizeBytes: Int64 = 1 << 40, ratio: Int64 = 1000) {
        self.sizeBytes = sizeBytes
        self.ratio = ratio
    }
}

/// Decompresses a stream of xz, gzip, bzip2 or zstd data in constant memory.
///
/// Data in several members or frames is one stream. Zeros after the end are padding (in xz, a
/// multiple of four zeros). Any other bytes after the end are an error, and so is data that ends
/// within a member.
///
/// Memory: some hundred KiB for gzip, 4 MiB for bzip2, up to 128 MiB for zstd. For xz, the
/// publisher chose it: 9 MiB by default, 65 MiB for `xz -9`; libarchive refuses more than 1 GiB.
public struct Decompressor: Sendable {
    let compression: Compression
    let limits: DecompressionLimits
    /// The place of the data, for messages.
    let shown: String
    /// The hint for data that is larger than the limits; nil for the hint to raise the limits in
    /// the pipeline file.
    public var excessHint: String?

    public init(_ compression: Compression, limits: DecompressionLimits, shown: String) {
        self.compression = compression
        self.limits = limits
        self.shown = shown
    }

    private static let chunkBytes = 128 << 10
    /// The time between two checks of the output ring, while no compressed data arrives.
    private static let lookMilliseconds = 200

    /// Reads all data from one ring, and writes the decompressed data into the other. BLOCKS.
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

    /// Decompresses the beginning of data.
    ///
    /// - Parameters:
    ///   - bytes: the first compressed bytes. bzip2 needs a whole block, which has up to 900 kB.
    ///   - bytesMax: the number of decompressed bytes to return.
    /// - Returns: fewer bytes if the given bytes hold no more, or if the data is damaged.
    public func head(of bytes: [UInt8], bytesMax: Int) -> [UInt8] {
        var head: [UInt8] = []
        try? run(Self.input(bytes)) { (bytes) throws(TranshipError) in
            head += bytes.prefix(bytesMax - head.count)
            if head.count == bytesMax { throw TranshipError(.interrupted, "this is enough") }
        }
        return head
    }

    /// True if the first bytes of compressed data show that it has no checksum of the decompressed
    /// data. Writers of zst and xz may leave the checksum out.
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
    /// The largest window that zstd accepts by default.
    private static let windowBytesMax: UInt64 = 1 << 27

    /// Returns an error if the data needs a dictionary, or a larger window than is allowed; nil
    /// otherwise. The decoder would call such data damaged, or return no data.
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

/// The reason why data cannot be decompressed.
enum DecompressionFailure: Error {
    /// Reading the compressed data failed, or writing the decompressed data.
    case stream(TranshipError)
    case endsEarly
    case isDamaged(String)
    /// Bytes other than zeros follow the end of the data.
    case trailing
    case isEmpty
    case isTooLarge
    case isTooDense
}

/// Compressed data, which is read chunk by chunk.
final class CompressedInput {
    private let take: (UnsafeMutableRawBufferPointer) throws(TranshipError) -> Int
    private let buffer: UnsafeMutableRawBufferPointer
    /// The last chunk. Empty at the end.
    private(set) var chunk = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var takenBytes: Int64 = 0
    private(set) var isAtEnd = false
    private(set) var failure: TranshipError?
    /// The offset of the last byte so far that is not zero; -1 if there is none yet.
    private var lastDataOffset: Int64 = -1
    /// Finds the beginning of the padding, for decoders that would take padding for data.
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

    /// Reads the next chunk, which overwrites the last one. Returns an empty chunk at the end.
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

    /// Reads the next chunk, without the padding that ``frames`` finds. Returns an empty chunk at
    /// the end of the data.
    func nextData() throws(DecompressionFailure) -> UnsafeRawBufferPointer {
        guard !isAtPadding else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let chunk = try next()
        guard let count = frames?.take(chunk), count < chunk.count else { return chunk }
        isAtPadding = true
        return UnsafeRawBufferPointer(rebasing: chunk[..<count])
    }

    /// Reads the rest, which must be zeros.
    ///
    /// - Parameter offset: the offset at which the data ended.
    /// - Throws: ``DecompressionFailure/trailing`` if other bytes follow.
    func takePadding(from offset: Int64) throws(DecompressionFailure) {
        while true {
            guard lastDataOffset < offset else { throw .trailing }
            if isAtEnd { return }
            _ = try next()
        }
    }
}

/// The output of decompressed data, within the limits.
final class BoundedOutput {
    /// The size up to which the ratio is not checked.
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

    /// Writes decompressed bytes, or fails if they exceed a limit.
    ///
    /// - Parameter taken: the number of compressed bytes that were read so far.
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
