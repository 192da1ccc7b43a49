// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import CArchive

/// Decompresses xz, bzip2 and zstd with libarchive.
enum ArchiveFilter {
    case xz, bzip2, zstd

    private var code: Int32 {
        switch self {
        case .xz: ARCHIVE_FILTER_XZ
        case .bzip2: ARCHIVE_FILTER_BZIP2
        case .zstd: ARCHIVE_FILTER_ZSTD
        }
    }

    static func run(
        _ filter: ArchiveFilter, _ input: CompressedInput, _ output: BoundedOutput
    ) throws(DecompressionFailure) {
        guard let archive = archive_read_new() else { throw .isDamaged("no memory") }
        defer { archive_read_free(archive) }
        // libarchive takes zeros after the last frame for the beginning of another frame.
        if case .zstd = filter { input.frames = ZstdFrames() }
        // Exactly one filter. If libarchive chose the filters, it would also decompress compressed
        // data inside the data, and look for archives in it.
        guard archive_read_support_format_raw(archive) == ARCHIVE_OK,
            archive_read_append_filter(archive, filter.code) == ARCHIVE_OK
        else { throw .isDamaged(words(archive)) }
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(input).toOpaque(), nil,
            { _, input, bytes in
                guard let input, let bytes else { return -1 }
                let compressed = Unmanaged<CompressedInput>.fromOpaque(input)
                    .takeUnretainedValue()
                do throws(DecompressionFailure) {
                    let chunk = try compressed.nextData()
                    bytes.pointee = chunk.baseAddress
                    return chunk.count
                } catch {
                    // The input keeps its failure.
                    return -1
                }
            }, nil)
        var entry: OpaquePointer?
        guard opened == ARCHIVE_OK, archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
            throw failure(archive, input)
        }
        while true {
            var bytes: UnsafeRawPointer?
            var count = 0
            var offset: Int64 = 0
            let result = archive_read_data_block(archive, &bytes, &count, &offset)
            if result == ARCHIVE_EOF { break }
            guard result == ARCHIVE_OK else { throw failure(archive, input) }
            try output.put(
                UnsafeRawBufferPointer(start: bytes, count: count), after: input.takenBytes)
        }
        // Filter -1 is the last of the chain: the input itself.
        try input.takePadding(from: archive_filter_bytes(archive, -1))
    }

    private static func words(_ archive: OpaquePointer) -> String {
        archive_error_string(archive).map { String(cString: $0) } ?? "libarchive does not say how"
    }

    private static func failure(
        _ archive: OpaquePointer, _ input: CompressedInput
    ) -> DecompressionFailure {
        if let failure = input.failure { return .stream(failure) }
        let words = words(archive)
        // libarchive says this of empty data, and of short data that ends too early: nothing was
        // decompressed yet.
        if words.contains("Unrecognized archive format") {
            return input.isAtEnd && input.frames?.endsWithin == true ? .endsEarly : .isEmpty
        }
        let isEnd = ["runcated", "No progress"].contains(where: words.contains)
        return isEnd && input.isAtEnd ? .endsEarly : .isDamaged(words)
    }
}
