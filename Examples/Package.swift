// swift-tools-version: 6.2
// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A program of its own that uses the library as yours would, but for the
// path: .package(url: "https://…/tranship", from: "…").
let package = Package(
    name: "Examples",
    dependencies: [
        .package(name: "Tranship", path: "..")
    ],
    targets: [
        .executableTarget(
            name: "ImageTour",
            dependencies: [.product(name: "OpenStackImage", package: "Tranship")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
