// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ByteStreams
internal import OpenStackImage

/// The ability of an Image service to return parts of an image. It depends on the store: stores of
/// the types `file` and `cinder` can, `rbd`, `swift`, `s3` and `http` cannot.
public struct RangeSupport: Sendable, Hashable {
    /// True if the service returns parts; nil if this could not be found out.
    public let isThere: Bool?
    /// The consequence for copies, or the reason why the ability is not known.
    public let words: String
    /// The service's message if it refused this user the data with 403; nil otherwise.
    var refusal: String?

    /// Reads one byte from the middle of an image.
    static func look(_ service: ImageService, _ image: Image?) async -> RangeSupport {
        guard let image, let size = image.sizeBytes else {
            return RangeSupport(isThere: nil, words: "not known: there is no image to try it with")
        }
        let middle = size / 2
        do throws(TranshipError) {
            try await service.downloadPart(image.id, middle...middle, into: ByteRing()) { _ in }
        } catch {
            guard error.code == .rangeNotSatisfiable || error.answer?.status == 400 else {
                let isRefused = error.answer?.status == 403
                return RangeSupport(
                    isThere: nil, words: "not known: \(error.message)",
                    refusal: isRefused
                        ? "this user may not read the data of image \(image.id): \(error.message)"
                        : nil)
            }
            return RangeSupport(
                isThere: false,
                words: "no, the store of image \(image.id) gives no parts: one connection reads an "
                    + "image, and one that breaks is read again from its first byte")
        }
        return RangeSupport(
            isThere: true,
            words: "yes, as image \(image.id) shows: far images are read over several connections, "
                + "and one that breaks goes on where it broke")
    }
}
