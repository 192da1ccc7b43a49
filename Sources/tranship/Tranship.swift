@main struct Tranship { static func main() {} }
