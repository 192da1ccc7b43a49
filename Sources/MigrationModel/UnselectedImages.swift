// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The images that clouds list and the pipeline does not select, counted by the condition that they
/// do not meet.
public struct UnselectedImages: Sendable, Hashable {
    /// One image, for `plan -v`.
    public struct Image: Sendable, Hashable {
        /// The name, or the id of an image without one.
        public let name: String
        /// The cloud's entry in clouds.yaml.
        public let cloud: String
        /// The condition that the image does not meet, such as "its status is queued".
        public let words: String

        public init(name: String, cloud: String, words: String) {
            self.name = name
            self.cloud = cloud
            self.words = words
        }
    }

    /// The number of images to keep. Further images are only counted.
    public static let imagesMax = 1000

    /// The number of images by the condition's key in the pipeline file, such as `status`.
    public private(set) var counts: [String: Int] = [:]
    /// The first ``imagesMax`` images.
    public private(set) var images: [Image] = []
    /// The first ``imagesMax`` images that meet all conditions but the status.
    public private(set) var byStatus: [Image] = []

    public init() {}

    /// The key of the condition `status`.
    private static let statusKey = "status"

    /// The number of images that meet all conditions but the status. Without this number, nothing
    /// would report a deactivated image if other images meet the same name.
    public var countByStatus: Int { counts[Self.statusKey] ?? 0 }

    public var count: Int { counts.values.reduce(0, +) }

    public mutating func add(_ image: Image, key: String) {
        counts[key, default: 0] += 1
        if images.count < Self.imagesMax { images.append(image) }
        if key == Self.statusKey, byStatus.count < Self.imagesMax { byStatus.append(image) }
    }
}
