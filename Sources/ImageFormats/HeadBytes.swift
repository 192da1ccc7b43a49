// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The first bytes of any image data, for reading fields. Offsets and lengths in a header may be
/// wrong, so a field outside the bytes is nil.
struct HeadBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func has(_ magic: [UInt8], at offset: Int = 0) -> Bool {
        slice(UInt64(offset), magic.count).map { $0.elementsEqual(magic) } ?? false
    }

    func has(_ magic: String, at offset: Int = 0) -> Bool { has(Array(magic.utf8), at: offset) }

    /// Reads an unsigned number with its high byte first, as in qcow2 and VHD.
    func bigEndian(_ offset: UInt64, bytes count: Int) -> UInt64? {
        slice(offset, count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads an unsigned number with its low byte first, as in VMDK and VDI.
    func littleEndian(_ offset: UInt64, bytes count: Int) -> UInt64? {
        slice(offset, count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads text for a message: at most 200 characters, without control characters.
    func text(_ offset: UInt64, bytes count: UInt64) -> String? {
        slice(offset, Int(min(count, 1024))).map { Self.shown(String(decoding: $0, as: UTF8.self)) }
    }

    static func shown(_ text: String) -> String {
        let isShown = { (scalar: Unicode.Scalar) in
            scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value)
        }
        return String(text.unicodeScalars.filter(isShown).prefix(200))
    }

    private func slice(_ offset: UInt64, _ count: Int) -> ArraySlice<UInt8>? {
        guard offset <= UInt64(bytes.count), count <= bytes.count - Int(offset) else { return nil }
        return bytes[Int(offset)..<Int(offset) + count]
    }
}
