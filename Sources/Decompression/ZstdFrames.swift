// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Walks through zstd data from frame to frame, without decompressing it (RFC 8878, section 3.1).
///
/// Finds padding after the last frame, frames without a checksum, and the window and dictionary
/// that frames need. Leaves damage to the decoder: bytes that are not a frame count as data, and so
/// do all bytes after them.
struct ZstdFrames {
    private enum Step {
        /// Before a frame, or within its magic number.
        case magic
        case skippedSize
        case descriptor
        case window
        case dictionary
        case contentSize
        case block
        /// The bytes were not a frame. This type does not read on.
        case unknown
    }

    private var step = Step.magic
    /// The bytes of the field that is being read.
    private var field: [UInt8] = []
    /// The number of bytes to skip before the next field.
    private var passBytes: UInt64 = 0
    private var hasChecksum = false
    /// True if a frame so far has no content checksum.
    private(set) var isUnproved = false
    /// The largest window of a frame, which is the memory that decompression needs.
    private(set) var windowBytes: UInt64 = 0
    /// The id of the dictionary that a frame needs; nil if none names one.
    private(set) var dictionaryID: UInt64?
    private var isSingleSegment = false
    private var dictionaryBytes = 0
    private var contentSizeBytes = 0

    /// True if the bytes so far end within a frame.
    var endsWithin: Bool {
        guard passBytes == 0, field.isEmpty else { return true }
        return step != .magic && step != .unknown
    }

    /// Takes the next bytes.
    ///
    /// - Returns: the number of bytes before padding begins; all bytes if it does not begin.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count {
            if passBytes > 0 {
                let count = min(passBytes, UInt64(bytes.count - position))
                passBytes -= count
                position += Int(count)
                continue
            }
            if step == .unknown { return bytes.count }
            let byte = bytes[position]
            if step == .magic, field.isEmpty, byte == 0 { return position }
            field.append(byte)
            position += 1
            if field.count == fieldBytes {
                let number = field.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                field = []
                goOn(after: number)
            }
        }
        return bytes.count
    }

    private var fieldBytes: Int {
        switch step {
        case .magic, .skippedSize: 4
        case .descriptor, .window: 1
        case .dictionary: dictionaryBytes
        case .contentSize: contentSizeBytes
        case .block: 3
        case .unknown: 0
        }
    }

    /// Goes on to the next field.
    ///
    /// - Parameter number: the value of the field that is now complete.
    private mutating func goOn(after number: UInt64) {
        switch step {
        case .magic where number == 0xFD2F_B528: step = .descriptor
        case .magic where (0x184D_2A50...0x184D_2A5F).contains(number): step = .skippedSize
        case .magic, .unknown: step = .unknown
        case .skippedSize:
            passBytes = number
            step = .magic
        case .descriptor:
            hasChecksum = number & 4 != 0
            if !hasChecksum { isUnproved = true }
            isSingleSegment = number & 0x20 != 0
            dictionaryBytes = [0, 1, 2, 4][Int(number & 3)]
            contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(number >> 6)]
            step = isSingleSegment ? afterWindow : .window
        case .window:
            let base: UInt64 = 1 << (10 + (number >> 3))
            windowBytes = max(windowBytes, base + base / 8 * (number & 7))
            step = afterWindow
        case .dictionary:
            if number != 0 { dictionaryID = number }
            step = contentSizeBytes > 0 ? .contentSize : .block
        case .contentSize:
            // The window of a single segment is the whole content.
            if isSingleSegment { windowBytes = max(windowBytes, number) }
            step = .block
        case .block:
            // A block that repeats one byte contains only that byte.
            let isRun = number >> 1 & 3 == 1
            passBytes = isRun ? 1 : number >> 3
            guard number & 1 == 1 else { return }
            if hasChecksum { passBytes += 4 }
            step = .magic
        }
    }

    private var afterWindow: Step {
        dictionaryBytes > 0 ? .dictionary : contentSizeBytes > 0 ? .contentSize : .block
    }
}
