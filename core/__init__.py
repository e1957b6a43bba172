"""What every room stands on: settings, errors, clock and ids, money, scope, the store, the warehouse."""
