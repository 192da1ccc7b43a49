// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Changes of single fields, without writing a patch.
extension ImageService {
    /// Leaves the image out of lists that do not ask for hidden images.
    @discardableResult
    public func hide(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("os_hidden", true)])
    }

    /// Shows the image in lists again.
    @discardableResult
    public func unhide(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("os_hidden", false)])
    }

    /// Makes the service refuse to delete the image, even for the owner.
    @discardableResult
    public func protect(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("protected", true)])
    }

    /// Allows the deletion of the image again.
    @discardableResult
    public func unprotect(_ id: String) async throws(TranshipError) -> Image {
        try await update(id, [.replace("protected", false)])
    }

    /// Sets the visibility.
    ///
    /// - Throws: ``TranshipError/Code/forbidden`` for a visibility that this user may not set.
    @discardableResult
    public func setVisibility(
        _ id: String, _ visibility: ImageVisibility
    ) async throws(TranshipError) -> Image {
        try await update(id, [.replace("visibility", .string(visibility.rawValue))])
    }

    /// Sets fields and properties by their names in the API, as `update_image_properties` of
    /// openstacksdk does. Reads the values as ``NewImage/set(_:)`` does. Sends `untyped` values
    /// unchanged; they take precedence. `kernel` and `ramdisk` name images, by name or id, whose
    /// ids become `kernel_id` and `ramdisk_id`. Sends only values that differ from those of the
    /// image, and nothing if none differs.
    ///
    /// - Throws: as ``update(_:_:)`` and ``find(_:)``.
    @discardableResult
    public func setValues(
        _ id: String, _ values: [String: JSONValue], untyped: [String: JSONValue] = [:]
    ) async throws(TranshipError) -> Image {
        let current = try await image(id)
        var values = values
        for key in ["kernel", "ramdisk"] {
            guard let name = values.removeValue(forKey: key)?.string else { continue }
            values["\(key)_id"] = .string(try await find(name).id)
        }
        var wanted = NewImage()
        try wanted.set(values)
        wanted.untyped.merge(untyped) { $1 }
        return try await update(id, PatchOperation.setting(wanted.record, in: current))
    }
}
